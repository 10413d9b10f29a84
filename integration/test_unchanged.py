"""Builds that keep the programs of the previous image, and each input that makes them compile.

By hand with the real go and git, where every input is changed in turn; and with the real lifecycle,
whose images are compared.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.by_hand import MAIN, Workbench, search_path
from integration.creator import Created, Creator, missing
from integration.lab import ROOT

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com")
EMBEDS = """package main

import _ "embed"

//go:embed page.html
var page string

var version string

func main() { println(page, version) }
"""
FILES = {
    "go.mod": "module example.com/app\n\ngo 1.26\n",
    "main.go": EMBEDS,
    "page.html": "<p>one",
    "Procfile": "extra: app\n",
}


@dataclass
class Site:
    """A build of one app that was done once, and what the next one differs in."""

    bench: Workbench
    saved: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Path:
        return self.bench.app

    def restore(self) -> None:
        """Put back the app, and what the lifecycle gives back: caches, metadata, and the bill."""
        for name in ("app", "layers", "home", "tools"):
            shutil.rmtree(self.bench.root / name, ignore_errors=True)
            shutil.copytree(self.saved / name, self.bench.root / name, symlinks=True)
        shutil.rmtree(self.bench.root / "platform", ignore_errors=True)
        (self.bench.root / "platform/env").mkdir(parents=True)
        shutil.rmtree(self.bench.layers / "targets")

    def git(self, *arguments: str) -> None:
        subprocess.run([*GIT, *arguments], cwd=self.app, check=True, capture_output=True)

    def go_commands(self, phases: tuple[str, ...] = ("build",)) -> int:
        """Build; return how many go commands ran."""
        for phase in phases:
            done = self.bench.run(phase, **self.env)
            assert done.status == 0, done.output
        report = json.loads((self.bench.layers / "build-report.json").read_text())
        return sum(each["command"].startswith("go ") for each in report["commands"])


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The buildpack as it is in this checkout; one who works in it meanwhile changes no key."""
    folder = tmp_path_factory.mktemp("buildpack") / "gobp"
    for name in ("bin", "gobp", "helpers"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "buildpack.toml", folder)
    return folder


@pytest.fixture(scope="module")
def built(code: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """An app in a git repository, built once without C code; what it left is saved."""
    root = tmp_path_factory.mktemp("unchanged")
    tools = root / "tools"
    env = {
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOPROXY": "https://ann:secret-one@proxy.example.com",
        "BP_GO_SKIP": "ca-certificates-helper",  # what is tested is not whether it is prebuilt
    }
    bench = Workbench(root, env, buildpack=code, path=f"{tools}:{search_path()}")
    site = Site(bench, root / "saved")
    site.bench.put(FILES)
    tools.mkdir()
    (site.app / "link").symlink_to("page.html")
    site.git("init", "-q", "-b", "main")
    site.git("add", ".")
    site.git("commit", "-q", "-m", "first")
    for name in ("app", "home", "tools"):
        shutil.copytree(root / name, site.saved / name, symlinks=True)
    assert site.go_commands(("detect", "build")) > 0
    shutil.copytree(site.bench.layers, site.saved / "layers", symlinks=True)
    return site


@pytest.fixture
def site(built: Site) -> Site:
    """The app and its layers as they are before a second build."""
    old = built.bench
    bench = Workbench(old.root, dict(old.env), buildpack=old.buildpack, path=old.path)
    fresh = Site(bench, built.saved)
    fresh.restore()
    return fresh


Change = Callable[[Site], object]


def file(name: str, text: str) -> Change:
    def change(site: Site) -> None:
        path = site.bench.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


def setting(name: str, value: str) -> Change:
    return lambda site: site.env.update({name: value})


def relinked(site: Site) -> None:
    (site.app / "link").unlink()
    (site.app / "link").symlink_to("main.go")


def committed(site: Site) -> None:
    site.git("commit", "-q", "--allow-empty", "-m", "second")


def staged(site: Site) -> None:
    site.git("rm", "-q", "--cached", "page.html")


def entered(site: Site) -> None:
    """Have another buildpack ask for a version of Go."""
    site.env["BP_GO_VERSION"] = "1.26.*"


def another_git(site: Site) -> None:
    program = site.bench.root / "tools/git"
    program.write_text('#!/bin/sh\nexec /usr/bin/git "$@"\n')
    program.chmod(0o755)


COMPILES: dict[str, Change] = {
    "a source": file("app/main.go", MAIN),
    "an embedded file": file("app/page.html", "<p>two"),
    "a file more": file("app/more.go", "package main\n"),
    "a file less": lambda site: (site.app / "Procfile").unlink(),
    "a name": lambda site: (site.app / "main.go").rename(site.app / "app.go"),
    "a mode": lambda site: (site.app / "page.html").chmod(0o755),
    "a link": relinked,
    "a commit": committed,
    "a tag": lambda site: site.git("tag", "v1.0.0"),
    "what is staged": staged,
    "what git ignores": file("app/.git/info/exclude", "page.html\n"),
    "go.mod": file("app/go.mod", FILES["go.mod"] + "\n// edited\n"),
    "targets": setting("BP_GO_TARGETS", "."),
    "flags": setting("BP_GO_BUILD_FLAGS", "-tags=x"),
    "flags of the linker": setting("BP_GO_BUILD_LDFLAGS", "-X main.version=2"),
    "GOFLAGS": setting("GOFLAGS", "-tags=y"),
    "an unknown variable": setting("SOMETHING", "1"),
    "cgo": setting("CGO_ENABLED", "1"),
    "a microarchitecture": setting("GOAMD64", "v2"),
    "go env -w": file("home/.config/go/env", "GOAMD64=v2\n"),
    "git's own settings": file("home/.gitconfig", "[status]\nshowUntrackedFiles = no\n"),
    "the version of Go": entered,
    "a binding": file("platform/bindings/b/type", "postgres\n"),
    "another git": another_git,
    "the previous image is gone": lambda site: (site.bench.layers / "targets.toml").unlink(),
    "the bill was not restored": lambda site: (
        site.bench.layers / "targets.sbom.cdx.json"
    ).unlink(),
    "nothing is restored": lambda site: shutil.rmtree(site.bench.layers),
    "vet": setting("BP_GO_VET", "true"),
}


@pytest.mark.parametrize("change", COMPILES.values(), ids=COMPILES)
def test_whatever_goes_into_the_programs_has_them_compiled(site: Site, change: Change) -> None:
    change(site)
    site.bench.layers.mkdir(exist_ok=True)

    assert site.go_commands() > 0

    assert (site.bench.layers / "targets/bin/app").is_file()


def touched(site: Site) -> None:
    for path in site.app.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1, 1))


def without_caches(site: Site) -> None:
    for name in ("gocache", "go", "mod-cache", "vendor"):
        shutil.rmtree(site.bench.layers / name, ignore_errors=True)
        (site.bench.layers / f"{name}.toml").unlink(missing_ok=True)


def half_a_cache(site: Site) -> None:
    for path in (site.bench.layers / "gocache").iterdir():
        path.write_bytes(path.read_bytes()[:100])


KEEPS: dict[str, Change] = {
    "nothing": lambda _: None,
    "times of files": touched,
    "the name of the machine": setting("HOSTNAME", "a1b2c3"),
    "the level of the log": setting("BP_LOG_LEVEL", "DEBUG"),
    "a variable of the running app": setting("BPE_GREETING", "hello"),
    "a renewed password": setting("GOPROXY", "https://ann:secret-two@proxy.example.com"),
    "the caches are gone": without_caches,
    "a cache is damaged": half_a_cache,
}


@pytest.mark.parametrize("change", KEEPS.values(), ids=KEEPS)
def test_whatever_does_not_go_into_the_programs_keeps_them(site: Site, change: Change) -> None:
    launch = (site.bench.layers / "launch.toml").read_bytes()
    targets = (site.bench.layers / "targets.toml").read_bytes()
    bill = (site.bench.layers / "targets.sbom.cdx.json").read_bytes()
    change(site)

    assert site.go_commands() == 0

    assert not (site.bench.layers / "targets").exists()
    assert (site.bench.layers / "targets.toml").read_bytes() == targets
    assert (site.bench.layers / "targets.sbom.cdx.json").read_bytes() == bill
    assert (site.bench.layers / "launch.toml").read_bytes() == launch


def test_after_a_build_that_kept_them_a_damaged_cache_does_no_harm(site: Site) -> None:
    half_a_cache(site)
    assert site.go_commands() == 0

    shutil.rmtree(site.app)
    shutil.copytree(site.saved / "app", site.app, symlinks=True)
    (site.app / "main.go").write_text(MAIN)
    assert site.go_commands() > 0
    assert site.bench.program() == "hello\n"


def test_another_gobp_compiles(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "gobp"
    shutil.copytree(site.bench.buildpack, other)
    site.bench.buildpack = other
    assert site.go_commands() == 0, "a copy is no other gobp"
    site.restore()

    (other / "gobp/log.py").write_text((other / "gobp/log.py").read_text() + "\n")

    assert site.go_commands() > 0


needs_creator = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def buildpack(code: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the interpreter that ``make runtime`` has made."""
    if not (ROOT / "runtime/amd64").is_dir():
        pytest.skip("there is no runtime/: run make runtime")
    folder = tmp_path_factory.mktemp("packaged") / "gobp"
    shutil.copytree(code, folder)
    without = shutil.ignore_patterns("arm64")
    shutil.copytree(ROOT / "runtime", folder / "runtime", symlinks=True, ignore=without)
    return folder


@dataclass
class Image:
    """What of an image must be the same where its inputs are."""

    layers: tuple[str, ...]
    targets: str
    label: object
    bill: object

    @classmethod
    def of(cls, made: Created) -> "Image":
        return cls(
            made.image.config.diff_ids,
            made.sha_of("targets"),
            made.label("io.buildpacks.build.metadata"),
            made.sbom("launch/gobp_go/targets/sbom.cdx.json"),
        )


APP = ROOT / "samples/vendored"


@dataclass
class Lab:
    """A lifecycle's folders after a first build of ``APP``, and the image that it made."""

    creator: Creator
    first: Image


@pytest.fixture(scope="module")
def once(buildpack: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The first build, which compiles the standard library; done once."""
    creator = Creator(tmp_path_factory.mktemp("lifecycle") / "lab", [buildpack])
    return Lab(creator, Image.of(creator.create(APP)))


@pytest.fixture
def lab(once: Lab, tmp_path: Path) -> Lab:
    """What the next build finds, for one test alone."""
    shutil.copytree(once.creator.root, tmp_path / "lab", symlinks=True)
    return Lab(Creator(tmp_path / "lab", once.creator.buildpacks), once.first)


@needs_creator
def test_the_lifecycle_keeps_the_layer_through_edits_and_reverts(lab: Lab, tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APP, app)

    second = lab.creator.create(app)
    assert "Keeping the programs of the previous image" in second.log
    assert "Running 'go" not in second.log
    assert Image.of(second) == lab.first

    source = app / "main.go"
    text = source.read_text()
    source.write_text(text.replace("func main() {", 'func main() {\n\tprintln("edited")'))
    edited = lab.creator.create(app)
    assert "Building: app changed" in edited.log
    assert Image.of(edited).targets != lab.first.targets

    source.write_text(text)
    assert Image.of(lab.creator.create(app)) == lab.first


@needs_creator
def test_variables_and_labels_of_the_image_change_without_a_compiler(lab: Lab) -> None:
    second = lab.creator.create(APP, {"BPE_GREETING": "hello"})

    assert "Running 'go" not in second.log
    assert second.sha_of("targets") == lab.first.targets
    assert second.sha_of("environment-variables")


@needs_creator
@pytest.mark.parametrize("lost", ["layout/example.com/app", "cache"])
def test_an_image_or_a_cache_that_is_gone_is_made_anew(lab: Lab, lost: str) -> None:
    shutil.rmtree(lab.creator.root / lost)

    made = lab.creator.create(APP)

    assert ("Running 'go build" in made.log) == (lost != "cache")
    assert Image.of(made) == lab.first


@needs_creator
def test_a_cache_of_which_half_is_there_gives_the_right_image(lab: Lab, tmp_path: Path) -> None:
    for archive in (lab.creator.root / "cache/committed").glob("*.tar"):
        archive.unlink()
    app = tmp_path / "app"
    shutil.copytree(APP, app)

    made = lab.creator.create(app)

    assert Image.of(made) == lab.first
