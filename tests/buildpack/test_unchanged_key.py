"""The key of a build: every input changes it, and what cannot matter does not."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gobp.buildpack.component import DetectContext
from gobp.buildpack.group import Group, Member
from gobp.buildpack.unchanged.code import NOTE, code_digest
from gobp.buildpack.unchanged.digests import NoKeyError
from gobp.buildpack.unchanged.key import Key, Surroundings, confirm, make_key
from gobp.cnb.bindings import Binding
from gobp.cnb.buildpack_plan import Entry
from gobp.cnb.phases import Target
from gobp.system.files import DirectoryTree

MAIN = "package main\n\nfunc main() {}\n"
GO_126 = Member("go-dist", (Entry("go", {"version": "1.26"}),))
KNOWN_GO = {"dependencies": [{"id": "go", "version": "1.26.8", "arch": "amd64"}]}
COMMIT = "1" * 40


@dataclass
class Site:
    """All that a build may depend on, in folders of a test, to be changed one by one."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    target: Target = field(default_factory=lambda: Target("linux", "amd64"))
    members: tuple[Member, ...] = (Member("go-dist", ()), Member("go-build", ()))
    metadata: Mapping[str, object] = field(default_factory=lambda: KNOWN_GO)
    architecture: str = "amd64"
    app_name: str = "app"

    @property
    def app(self) -> Path:
        return self.root / self.app_name

    def put(self, name: str, content: str = "", mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    def surroundings(self) -> Surroundings:
        facts = DetectContext(DirectoryTree(self.app), self.env, {}, self.bindings, self.target)
        return Surroundings(
            facts=facts,
            group=Group(self.members, {}),
            app_dir=self.app,
            layers_dir=self.root / "layers",
            buildpack_dir=self.root / "buildpack",
            metadata=self.metadata,
            architecture=self.architecture,
        )

    def key(self) -> Key:
        return make_key(self.surroundings())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A module in a git repository, a Go at hand, and no C compiler to be used."""
    made = Site(tmp_path)
    made.env = {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "CGO_ENABLED": "0",
        "GIT_CONFIG_SYSTEM": str(tmp_path / "etc/gitconfig"),
        "GOPROXY": "https://ann:secret-1@proxy.example.com",
    }
    made.put("app/go.mod", "module example.com/app\n\ngo 1.26\n")
    made.put("app/main.go", MAIN)
    made.put("app/web/page.html", "<p>")
    made.put("app/empty/.keep")
    made.put("app/.git/HEAD", "ref: refs/heads/main\n")
    made.put("app/.git/refs/heads/main", f"{COMMIT}\n")
    made.put("app/.git/index", "DIRC")
    made.put("app/.git/config", "[core]\n")
    made.put("app/.git/COMMIT_EDITMSG", "first")
    made.put("app/.git/logs/HEAD", "one")
    made.put(f"app/.git/objects/11/{'1' * 38}", "object")
    (made.app / "link").symlink_to("web/page.html")
    made.put("buildpack/buildpack.toml", 'version = "1"\n')
    made.put("go/bin/go", "", 0o755)
    made.put("go/VERSION", "go1.26.8\n")
    made.put("go/go.env", "GOTOOLCHAIN=auto\n")
    made.put("go/pkg/tool/linux_amd64/compile", "compile", 0o755)
    made.put("bin/git", "", 0o755)
    (tmp_path / "bin/go").symlink_to("../go/bin/go")
    return made


Change = Callable[[Site], object]


def setting(name: str, value: str) -> Change:
    return lambda site: site.env.update({name: value})


def file(name: str, content: str = "other") -> Change:
    return lambda site: site.put(name, content)


def to(**fields: object) -> Change:
    def change(site: Site) -> None:
        for name, value in fields.items():
            setattr(site, name, value)

    return change


def relinked(site: Site) -> None:
    (site.app / "link").unlink()
    (site.app / "link").symlink_to("main.go")


def moved(site: Site) -> None:
    site.app.rename(site.root / "elsewhere")
    site.app_name = "elsewhere"


INPUTS: dict[str, tuple[str, Change]] = {
    "content of a file": ("app", file("app/main.go")),
    "content of a file that is no source": ("app", file("app/web/page.html", "<b>")),
    "a file more": ("app", file("app/more.go")),
    "a file less": ("app", lambda site: (site.app / "web/page.html").unlink()),
    "name of a file": ("app", lambda site: (site.app / "main.go").rename(site.app / "m.go")),
    "mode of a file": ("app", lambda site: (site.app / "main.go").chmod(0o755)),
    "an empty folder more": ("app", lambda site: (site.app / "vendor").mkdir()),
    "text of a link": ("app", relinked),
    "commit of HEAD": ("app", file("app/.git/refs/heads/main", "2" * 40)),
    "a tag": ("app", file("app/.git/refs/tags/v1", COMMIT)),
    "packed refs": ("app", file("app/.git/packed-refs")),
    "a branch called objects": ("app", file("app/.git/refs/heads/objects/x", COMMIT)),
    "what git has staged": ("app", file("app/.git/index", "DIRX")),
    "configuration of the repository": ("app", file("app/.git/config", "[core]\nbare = true\n")),
    "what git ignores": ("app", file("app/.git/info/exclude", "*.txt")),
    "depth of the clone": ("app", file("app/.git/shallow", COMMIT)),
    "objects of the repository": ("app", file(f"app/.git/objects/22/{'2' * 38}")),
    "targets": ("variables", setting("BP_GO_TARGETS", "cmd/a")),
    "flags": ("variables", setting("BP_GO_BUILD_FLAGS", "-race=false")),
    "GOFLAGS": ("variables", setting("GOFLAGS", "-tags=x")),
    "a variable that nobody knows": ("variables", setting("SOME_THING", "1")),
    "an empty variable": ("variables", setting("SOME_THING", "")),
    "PATH": ("variables", lambda site: site.env.update(PATH=f"{site.env['PATH']}:/nowhere")),
    "address of the proxy": ("variables", setting("GOPROXY", "https://other.example.com")),
    "time of the sources": ("variables", setting("SOURCE_DATE_EPOCH", "1")),
    "a setting of go env -w": ("variables", file("home/.config/go/env", "GOAMD64=v3\n")),
    "version of Go at hand": ("go", file("go/VERSION", "go1.26.9\n")),
    "compiler of Go at hand": ("go", file("go/pkg/tool/linux_amd64/compile", "another")),
    "settings of Go at hand": ("go", file("go/go.env", "GOPROXY=off\n")),
    "no Go at hand": ("go", lambda site: (site.root / "bin/go").unlink()),
    "version of Go that is asked for": (
        "go",
        to(
            members=(Member("go-dist", (Entry("go", {"version": "1.26"}),)), Member("go-build", ()))
        ),
    ),
    "no git at hand": ("git", lambda site: (site.root / "bin/git").unlink()),
    "another git": ("git", file("bin/git", "changed")),
    "settings of the user's git": ("git", file("home/.gitconfig", "[status]\n")),
    "settings of the machine's git": ("git", file("etc/gitconfig", "[status]\n")),
    "files that the user's git ignores": ("git", file("home/.config/git/ignore", "*.txt")),
    "a repository around the app": ("git", file(".git/HEAD")),
    "the buildpack": ("buildpack", file("buildpack/buildpack.toml", 'version = "2"\n')),
    "architecture": ("target", to(target=Target("linux", "arm64"))),
    "distribution": ("target", to(target=Target("linux", "amd64", distro_name="alpine"))),
    "who takes part": ("components", lambda site: setattr(site, "members", site.members[:1])),
    "who uses what is provided": (
        "components",
        to(members=(Member("go-dist", (), is_for_others=True), Member("go-build", ()))),
    ),
    "a binding": ("bindings", to(bindings=(Binding("a", "netrc"),))),
}


@pytest.mark.parametrize(("group", "change"), INPUTS.values(), ids=INPUTS)
def test_each_input_changes_the_key(site: Site, group: str, change: Change) -> None:
    before = site.key()

    change(site)

    after = site.key()
    assert group in {name for name in before.groups if before.groups[name] != after.groups[name]}


def older(site: Site) -> None:
    for path in site.app.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))


NO_INPUTS: dict[str, Change] = {
    "nothing": lambda _: None,
    "times of files": older,
    "place of the app": moved,
    "place of the volume": setting("BP_GO_CACHE_VOLUME", "/elsewhere"),
    "the locale that Python sets": setting("LC_CTYPE", "C.UTF-8"),
    "HOME": lambda site: site.env.update(HOME=str(site.root / "another")),
    "HOSTNAME": setting("HOSTNAME", "a1b2"),
    "PWD": setting("PWD", "/elsewhere"),
    "CNB_BP_PLAN_PATH": setting("CNB_BP_PLAN_PATH", "/tmp/plan.123/plan.toml"),
    "BP_LOG_LEVEL": setting("BP_LOG_LEVEL", "DEBUG"),
    "a variable of the running app": setting("BPE_PASSWORD", "s3cret"),
    "a renewed password": setting("GOPROXY", "https://ann:secret-2@proxy.example.com"),
    "the message of the last commit": file("app/.git/COMMIT_EDITMSG"),
    "git's diary": file("app/.git/logs/HEAD"),
}


@pytest.mark.parametrize("change", NO_INPUTS.values(), ids=NO_INPUTS)
def test_what_cannot_matter_does_not_change_the_key(site: Site, change: Change) -> None:
    before = site.key()

    change(site)

    assert site.key().groups == before.groups


@pytest.mark.parametrize("component", ["environment-variables", "image-labels", "procfile"])
def test_a_component_that_runs_in_every_build_does_not_change_the_key(
    site: Site, component: str
) -> None:
    before = site.key()

    site.members += (Member(component, (Entry(component, {"web": "app"}),)),)

    assert site.key().groups == before.groups


def link_out(site: Site) -> None:
    site.put("outside.go", MAIN)
    (site.app / "outside.go").symlink_to("../outside.go")


UNKNOWN: dict[str, tuple[str, Change]] = {
    "generators": ("go-generate", to(members=(Member("go-generate", ()),))),
    "tests": ("go-check", to(members=(Member("go-check", ()),))),
    "vulnerabilities": ("vulnerabilities", to(members=(Member("vulnerabilities", ()),))),
    "live reload": ("live-reload", to(members=(Member("live-reload", ()),))),
    "images that test": ("test-image", to(members=(Member("test-image", ()),))),
    "dep": ("dep-ensure", to(members=(Member("dep-ensure", ()),))),
    "a component of later": ("brand-new", to(members=(Member("brand-new", ()),))),
    "a link out of the app": ("outside.go", link_out),
    "a replaced module outside": (
        "outside the app",
        file("app/go.mod", "module m\nreplace example.com/x => ../../x\n"),
    ),
    "a replaced module at a path of the machine": (
        "outside the app",
        file("app/go.mod", 'module m\nreplace (\n\texample.com/x v1.0.0 => "/src/x"\n)\n'),
    ),
    "a workspace that goes beyond": ("outside the app", file("app/go.work", "use (\n\t..\n)\n")),
    "a workspace around the app": ("go.work", file("go.work", "go 1.26\n")),
    "GOWORK": ("GOWORK", setting("GOWORK", "/src/go.work")),
    "GOPATH mode by a setting": ("GOPATH", setting("GO111MODULE", "off")),
    "another modfile": ("-modfile", setting("BP_GO_BUILD_FLAGS", "-modfile=other.mod")),
    "an overlay": ("-overlay", setting("GOFLAGS", "-overlay=o.json")),
    "a program that compiles": ("-toolexec", setting("BP_GO_BUILD_FLAGS", "-toolexec=x")),
    "a profile outside": ("-pgo", setting("BP_GO_BUILD_FLAGS", "-pgo=/src/default.pgo")),
    "a folder above": ("-gcflags", setting("BP_GO_BUILD_FLAGS", "-gcflags=-I../x")),
    "a library outside": (
        "-ldflags",
        setting("BP_GO_BUILD_LDFLAGS", "-extldflags '-L/opt/lib'"),
    ),
    "a version that only the proxy knows": (
        "proxy",
        to(members=(Member("go-dist", (Entry("go", {"version": "1.25.1"}),)),)),
    ),
    "a go that is a script": ("version", lambda site: (site.root / "go/VERSION").unlink()),
    "settings of git that include others": (
        "git",
        file("app/.git/config", "[include]\npath = /etc/x\n"),
    ),
    "a repository elsewhere": ("git", setting("GIT_DIR", "/src/.git")),
    "objects elsewhere": ("alternates", file("app/.git/objects/info/alternates", "/src")),
    "a Mercurial repository": (".hg", file("app/.hg/dirstate")),
}


@pytest.mark.parametrize(("says", "change"), UNKNOWN.values(), ids=UNKNOWN)
def test_there_is_no_key_where_an_input_cannot_be_known(
    site: Site, says: str, change: Change
) -> None:
    change(site)

    with pytest.raises(NoKeyError) as caught:
        site.key()

    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("BP_GO_BUILD_FLAGS", "-trimpath=false"), ("GOFLAGS", "-trimpath=false")]
)
def test_the_place_of_the_app_counts_where_programs_hold_it(
    site: Site, name: str, value: str
) -> None:
    site.env[name] = value
    before = site.key()

    moved(site)

    assert site.key().groups["target"] != before.groups["target"]


def test_a_path_in_a_value_for_the_program_is_none_of_go(site: Site) -> None:
    site.env["BP_GO_BUILD_LDFLAGS"] = "-X main.folder=/etc/app -X=main.url=https://example.com/x"

    site.key()


def test_what_is_no_file_in_place_of_settings_gives_no_key(site: Site) -> None:
    site.env["HOME"] = str(site.root / "home")
    (site.root / "home/.gitconfig").mkdir(parents=True)

    with pytest.raises(NoKeyError, match="gitconfig"):
        site.key()


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "go.work", "go.work.sum"])
def test_a_build_that_changes_what_names_modules_was_not_foreseeable(site: Site, name: str) -> None:
    key = site.key()
    confirm(key, site.app)

    site.put(f"app/{name}", "changed")

    with pytest.raises(NoKeyError, match=name):
        confirm(key, site.app)


def test_what_the_build_adds_else_changes_nothing(site: Site) -> None:
    key = site.key()

    site.put("app/vendor/modules.txt")

    confirm(key, site.app)


def test_a_secret_is_in_no_digest_and_its_name_is(site: Site) -> None:
    site.env["SOME_TOKEN"] = "one"
    one = site.key()
    site.env["SOME_TOKEN"] = "two"
    two = site.key()
    del site.env["SOME_TOKEN"]

    assert one.groups == two.groups
    assert site.key().groups["variables"] != two.groups["variables"]


def test_a_secret_in_a_flag_counts_as_it_goes_into_the_program(site: Site) -> None:
    site.env |= {"SOME_TOKEN": "one", "BP_GO_BUILD_LDFLAGS": "-X main.token=${SOME_TOKEN}"}
    one = site.key()
    site.env["SOME_TOKEN"] = "two"

    assert site.key().groups["variables"] != one.groups["variables"]


def test_values_of_bindings_count_where_they_are_no_secrets(site: Site) -> None:
    def groups(kind: str, value: str) -> Mapping[str, str]:
        site.bindings = (Binding("b", kind, secrets={"key": value}),)
        return site.key().groups

    assert groups("netrc", "one") == groups("netrc", "two")
    assert groups("dependency-mirror", "one") != groups("dependency-mirror", "two")


def test_two_names_of_targets_differ_though_both_are_words_of_a_binding(site: Site) -> None:
    site.bindings = (Binding("db", "postgres", secrets={"a": "production", "b": "acceptance"}),)
    site.env["BP_GO_TARGETS"] = "cmd/production"
    one = site.key()
    site.env["BP_GO_TARGETS"] = "cmd/acceptance"

    assert site.key().groups["variables"] != one.groups["variables"]


def test_only_the_variables_that_gobp_knows_are_named(site: Site) -> None:
    site.env |= {"BP_GO_TARGETS": "x", "PIN": "1234"}

    assert set(site.key().variables) == {"BP_GO_TARGETS", "CGO_ENABLED", "GOPROXY"}


def test_an_app_is_read_the_same_way_by_many_threads(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = site.key()

    monkeypatch.setattr("gobp.buildpack.unchanged.app_files._WORTH_THREADS", 0)

    assert site.key().groups == one.groups


def test_another_code_of_gobp_is_another_buildpack(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest() -> str:
        return site.key().groups["buildpack"]

    site.put("code/errors.py", "one")
    site.put("code/cli/main.py", "one")
    monkeypatch.setattr("gobp.__path__", [str(site.root / "code")])
    before = digest()

    site.put("code/cli/main.py", "two")
    assert digest() == before
    site.put("code/errors.py", "two")
    assert digest() != before


def test_a_package_without_sources_is_the_buildpack_that_its_sources_are(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("code/errors.py", "one")
    monkeypatch.setattr("gobp.__path__", [str(site.root / "code")])
    clone = site.key().groups

    site.put(f"package/{NOTE}", code_digest(site.root / "code"))
    site.put("package/errors.pyc", "compiled")
    monkeypatch.setattr("gobp.__path__", [str(site.root / "package")])

    assert site.key().groups == clone


def test_bytecode_that_python_caches_is_no_other_code(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gobp.__path__", [str(site.root / "code")])
    site.put("code/errors.py", "one")
    before = site.key().groups

    site.put("code/__pycache__/errors.pyc", "compiled")

    assert site.key().groups == before
