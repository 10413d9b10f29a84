"""Recipes with everything real: go, make, toolchains from the module proxy, the sandbox."""

import dataclasses
import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import msgspec
import pytest

from gobp.buildservice.artifacts.archive import write_archive
from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Pin, Recipe, Target
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.recipes.opening import open_recipes
from gobp.buildservice.recipes.recipe import Product, RecipeError, Work
from gobp.buildservice.sandbox.opening import open_sandbox
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.settings.go_env import completed
from gobp.buildservice.settings.schema import Sandbox, Settings
from gobp.buildservice.sources.go_modules import open_modules
from gobp.buildservice.sources.module_fetcher import ModuleFetcher
from gobp.buildservice.sources.tree import SourceTree
from gobp.modproxy.settings.go_env import go_env
from gobp.system.process import SystemCommands

pytestmark = pytest.mark.builds

HEY = ModuleSource("github.com/rakyll/hey")
REPOSITORY = GitSource("git.example", "owner/tool")
HERE = Target("linux", "amd64")
TIME = 1_700_000_000
LIMIT = 1 << 28
LIMITS = Limits(
    memory=2 << 30, processes=256, disk=1 << 30, file=1 << 30, output=1 << 20, seconds=600
)
GO_MOD = "module example.com/tool\n\ngo 1.21\n"
HELLO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello world") }\n'
# What Go's linker cannot link without a C toolchain of that platform, which this service has not.
NEEDS_C = {"android/386", "android/amd64", "android/arm", "ios/amd64", "ios/arm64"}


@dataclass
class Lab:
    """A service's recipes, its root, and what builds said; ``cold``: no cache is made warm."""

    root: Path
    settings: Settings
    folder: Path
    cold: bool = False
    limits: Limits = LIMITS
    said: list[str] = field(default_factory=list)

    def build(self, source: Path, order: Order, pin: Pin | None = None) -> Product:
        """Build a folder."""
        pin = pin or Pin(version="v1.0.0", time=TIME)
        tree = SourceTree(source, pin.time, "pkg:golang/example.com/tool", "dirHash", "00")
        if self.cold:
            name = f"go{order.go or self.settings.go}-{str(order.target).replace('/', '-')}"
            (self.root / "warm" / name).mkdir(parents=True, exist_ok=True)
        place = self.folder / f"work{len(list(self.folder.glob('work*')))}"
        place.mkdir()
        sandbox = open_sandbox(self.settings, os.environ, self.root)
        recipes = open_recipes(self.settings, sandbox, os.environ, self.root)
        return recipes.run(Work(order, pin, tree, place, self.limits, self.said.append, Event()))

    def module(self, source: ModuleSource, version: str) -> tuple[Path, Pin]:
        """Fetch a module as the service does."""
        modules = open_modules(self.settings, os.environ, self.root)
        found = modules.download(source.path, version, 300)
        pin = Pin(version=found.version, h1=found.h1, time=found.time)
        folder = self.folder / "fetched"
        folder.mkdir()
        ModuleFetcher(modules, 300, LIMIT).fetch(source, pin, folder, self.said.append)
        return folder, pin

    def refused(self, source: Path, order: Order) -> RecipeError:
        """Build what does not build, and return why."""
        with pytest.raises(RecipeError) as caught:
            self.build(source, order)
        return caught.value

    def with_sandbox(self, sandbox: Sandbox, name: str) -> "Lab":
        """Return another service, with a root of its own."""
        settings = msgspec.structs.replace(self.settings, sandbox=sandbox)
        (self.folder / name).mkdir()
        return dataclasses.replace(
            self, root=self.root, settings=settings, folder=self.folder / name
        )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture
def lab(root: Path, tmp_path: Path) -> Lab:
    """Recipes of a service that other tests have warmed, for builds below ``tmp_path``."""
    settings = completed(Settings(root=str(root)), go_env(SystemCommands(), os.environ))
    return Lab(root, settings, tmp_path)


@pytest.fixture
def cold(lab: Lab) -> Lab:
    """As lab, for builds of little, which do not wait for a warm cache."""
    return dataclasses.replace(lab, cold=True, root=lab.folder / "root")


def source(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "source"


def hello(folder: Path) -> Path:
    return source(folder, {"go.mod": GO_MOD, "main.go": HELLO})


def made(folder: Path, script: str) -> Path:
    """Return a repository whose Makefile runs a script."""
    return source(folder, {"Makefile": "all:\n\tsh script\n", "script": script})


def order_of(
    what: ModuleSource | GitSource, *, target: Target = HERE, go: str = "", verify: bool = False
) -> Order:
    return Order(source=what, ref="v1.0.0", target=target, go=go, verify=verify)


def archived(product: Product, file: Path, time: int) -> str:
    write_archive(product, file, time, LIMIT)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_real_module_is_built_and_the_modules_that_were_fetched_are_known(lab: Lab) -> None:
    folder, pin = lab.module(HEY, "v0.1.4")

    product = lab.build(folder, order_of(HEY), pin)

    assert product.files == ("hey",)
    assert "golang.org/x/net@v0.0.0-20181017193950-04a2e542c03f" in product.modules
    told = subprocess.run(
        ["go", "version", "-m", product.folder / "hey"], capture_output=True, text=True, check=True
    ).stdout
    assert f"go{lab.settings.go}" in told
    assert "-trimpath=true" in told


def test_the_archive_is_the_same_from_two_folders_two_users_cold_and_warm(lab: Lab) -> None:
    folder, pin = lab.module(HEY, "v0.1.4")
    sums = set()
    for name, user, is_cold in (("a", "", False), ("longer/b", "daemon", False), ("c", "", True)):
        place = lab.folder / name
        place.mkdir(parents=True)
        settings = msgspec.structs.replace(lab.settings, sandbox=Sandbox(user=user))
        root = place if is_cold else lab.root
        other = dataclasses.replace(lab, folder=place, settings=settings, cold=is_cold, root=root)

        product = other.build(folder, order_of(HEY), pin)

        sums.add(archived(product, place / "a.tar.gz", pin.time))

    assert len(sums) == 1


def test_building_twice_in_different_places_gives_the_same(lab: Lab) -> None:
    folder, pin = lab.module(HEY, "v0.1.4")

    lab.build(folder, order_of(HEY, verify=True), pin)

    assert lab.said[-1] == "both builds gave the same files"


@pytest.mark.parametrize(
    ("target", "name", "magic"),
    [
        ("windows/arm64", "tool.exe", b"MZ"),
        ("darwin/arm64", "tool", b"\xcf\xfa\xed\xfe"),
        ("linux/arm/5", "tool", b"\x7fELF\x01"),
        ("linux/s390x", "tool", b"\x7fELF\x02\x02"),
        ("wasip1/wasm", "tool", b"\0asm"),
    ],
)
def test_a_target_gets_its_kind_of_program(cold: Lab, target: str, name: str, magic: bytes) -> None:
    order = order_of(ModuleSource("example.com/tool"), target=Target(*target.split("/")))

    product = cold.build(hello(cold.folder), order)

    assert product.files == (name,)
    assert (product.folder / name).read_bytes().startswith(magic)


def test_hello_world_compiles_for_every_system_that_go_lists(cold: Lab) -> None:
    """GOBP_EVERY_TARGET=1 tries every architecture of each too, which takes ten minutes."""
    every = Targets.of_go(SystemCommands(), os.environ).platforms
    first = {platform.goos: platform for platform in reversed(every)}
    tried = every if os.environ.get("GOBP_EVERY_TARGET") else tuple(first.values())
    folder = hello(cold.folder)
    failed = {}
    for platform in tried:
        target = Target(platform.goos, platform.goarch)
        try:
            cold.build(folder, order_of(ModuleSource("example.com/tool"), target=target))
        except RecipeError as error:
            failed[str(platform)] = error.text

    assert set(failed) == NEEDS_C & set(map(str, tried)), failed
    assert all("C toolchain" in text for text in failed.values()), failed


def test_an_older_go_is_fetched_verified_and_used(cold: Lab) -> None:
    product = cold.build(hello(cold.folder), order_of(REPOSITORY, go="1.22.12"))

    assert product.go == "1.22.12"
    assert "building with Go 1.22.12 for linux/amd64" in cold.said


def test_a_go_older_than_go_mod_asks_for_says_so(cold: Lab) -> None:
    folder = source(cold.folder, {"go.mod": GO_MOD.replace("1.21", "1.23.0"), "main.go": HELLO})

    error = cold.refused(folder, order_of(REPOSITORY, go="1.22.12"))

    assert error.state is State.FAILED
    assert any("requires go >= 1.23.0" in line for line in cold.said)


def test_a_go_sum_that_lacks_modules_is_completed_from_what_is_verified(lab: Lab) -> None:
    folder, pin = lab.module(HEY, "v0.1.4")
    (folder / "go.sum").unlink()

    assert lab.build(folder, order_of(HEY), pin).files == ("hey",)
    assert any("go.sum lacks modules" in line for line in lab.said)


def test_without_go_mod_what_is_imported_is_found(lab: Lab) -> None:
    main = 'package main\n\nimport "github.com/spf13/pflag"\n\nfunc main() { pflag.Parse() }\n'

    product = lab.build(source(lab.folder, {"main.go": main}), order_of(REPOSITORY))

    assert product.files == ("tool",)
    assert any(module.startswith("github.com/spf13/pflag@") for module in product.modules)


def test_without_a_sandbox_the_same_is_built(lab: Lab) -> None:
    trusting = lab.with_sandbox(Sandbox(kind="none", i_trust_all_sources=True), "none")
    folder = hello(lab.folder)

    product = lab.build(folder, order_of(REPOSITORY))
    other = trusting.build(folder, order_of(REPOSITORY))

    assert other.files == ("tool",)
    assert archived(product, lab.folder / "1", TIME) == archived(other, lab.folder / "2", TIME)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("ln -s /etc/passwd app", "leaves the source: app -> '/etc/passwd'"),
        ("ln -s ../../../../../../etc/shadow app", "leaves the source"),
        ("mkdir d; ln -s /etc d/e; ln -s d/e/passwd app", "leaves the source"),
        ("touch \"$(printf 'a\\nb')\"", r"not plain text: 'a\nb'"),
        ("touch \"$(printf 'a\\033[2Jb')\"", "not plain text"),
        ("touch \"$(printf 'a\\377')\"", "not plain text"),
        ("touch '..\\..\\startup.exe'", "not plain text"),
        ("seq 20000 | sed 's/^/file/' | xargs touch", "more than 10000 files"),
        ("truncate -s 900M a; cp --sparse=always a b; cp --sparse=always a c", "files of "),
        ("mkdir d; touch d/f; chmod 0 d; exit 3", "make ended with exit status 2"),
        ("exit 0", "make made no new file"),
    ],
)
def test_artifacts_with_a_trick_in_them_fail_the_build(cold: Lab, script: str, why: str) -> None:
    error = cold.refused(made(cold.folder, script), order_of(REPOSITORY))

    assert error.state is State.FAILED
    assert why in error.text
    assert list(cold.folder.glob("work*/first")) == []


@pytest.mark.parametrize(
    "script",
    [
        "mkfifo pipe",
        "mknod null c 1 3 || true",
        "mkdir d; ln -s d linked",
        "ln -s nowhere dangling; ln -s circle circle",
        "mkdir none; chmod 0 none",
        "(trap '' TERM HUP; setsid sleep 1000 &) ; setsid -f sh -c 'sleep 2; touch late'",
        "echo changed > script; rm Makefile",
        "rm -rf $GOCACHE $HOME /warm /go 2>/dev/null; true",
    ],
)
def test_what_is_no_artifact_is_left_out_and_the_rest_is_built(cold: Lab, script: str) -> None:
    folder = made(cold.folder, f"{script}\necho program > app\n")
    before = (folder / "script").read_text()

    product = cold.build(folder, order_of(REPOSITORY))

    assert product.files == ("app",)
    assert (folder / "script").read_text() == before
    assert (folder / "Makefile").exists()


def test_setuid_and_names_of_the_same_file_mean_nothing_in_an_archive(cold: Lab) -> None:
    script = "echo program > app; chmod 6755 app; ln app again\n"

    product = cold.build(made(cold.folder, script), order_of(REPOSITORY))

    assert product.files == ("again", "app")
    assert {(product.folder / name).stat().st_mode & 0o7777 for name in product.files} == {0o755}
    assert {(product.folder / name).stat().st_nlink for name in product.files} == {1}


def test_folders_nested_deeper_than_paths_can_be_are_contained_and_removed(cold: Lab) -> None:
    script = "echo program > app; for i in $(seq 400); do mkdir deepdeepdeep; cd deepdeepdeep; done"

    error = cold.refused(made(cold.folder, script), order_of(REPOSITORY))

    assert error.state is State.FAILED
    assert list(cold.folder.glob("work*/first*/*")) == []


def test_a_build_cannot_poison_what_others_get(lab: Lab) -> None:
    clean = lab.build(hello(lab.folder), order_of(REPOSITORY))
    first = archived(clean, lab.folder / "1", TIME)
    script = (
        "for f in $GOCACHE/*/*; do (echo poison > $f) 2>/dev/null && exit 9; done\n"
        "for f in $(find /go/ -type f | head -50); do (echo x > $f) 2>/dev/null && exit 9; done\n"
        "rm -rf $GOCACHE/*; mkdir -p $GOCACHE/00; echo poison > $GOCACHE/00/x-d; touch app\n"
    )

    attacker = dataclasses.replace(lab, folder=lab.folder / "attack")
    attacker.folder.mkdir()
    attacker.build(made(attacker.folder, script), order_of(REPOSITORY))
    again = lab.build(lab.folder / "source", order_of(REPOSITORY))

    assert archived(again, lab.folder / "2", TIME) == first


def test_make_has_go_and_no_network_but_modules(cold: Lab) -> None:
    main = 'package main\n\nimport "github.com/spf13/pflag"\n\nfunc main() { pflag.Parse() }\n'
    script = "go mod tidy && go build -o dist/ . && ! getent hosts example.com\n"
    folder = made(cold.folder, script)
    source(cold.folder, {"go.mod": GO_MOD, "main.go": main})

    order = msgspec.structs.replace(order_of(REPOSITORY), recipe=Recipe.MAKE)
    product = cold.build(folder, order)

    assert product.files == ("dist/tool", "go.sum")
    assert any(module.startswith("github.com/spf13/pflag@") for module in product.modules)


def test_the_buildpack_makes_an_image_in_the_sandbox(cold: Lab) -> None:
    order = msgspec.structs.replace(order_of(REPOSITORY), recipe=Recipe.BUILDPACK)

    product = cold.build(hello(cold.folder), order)

    assert product.image is not None, cold.said
    with tarfile.open(product.image) as tar:
        index = json.load(tar.extractfile("index.json") or io.BytesIO())
    (manifest,) = index["manifests"]
    assert manifest["annotations"]["org.opencontainers.image.ref.name"].endswith("/tool:v1.0.0")
