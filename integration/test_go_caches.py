"""What builds keep of Go and of what it compiled, by the real go command of this machine."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.go_dist.distribution import kept_from_archive
from gobp.system import packed
from integration.by_hand import APP, MODULE, Workbench, go_env

FIELDS = (
    "ImportPath,Imports,GoFiles,CgoFiles,CFiles,HFiles,SFiles,SysoFiles,EmbedFiles,Deps,"
    "CgoCFLAGS,CgoLDFLAGS,Standard"
)
EDITS = 20
LIB = 'package lib\n\nimport "strconv"\n\nfunc Text() string { return strconv.Itoa(%d) }\n'
MAIN = """package main

import (
	"fmt"

	"example.com/app/lib"
)

func main() { fmt.Println(%d, lib.Text()) }
"""


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GOROOT of what builds keep of this machine's Go."""
    whole, target = Path(go_env("GOROOT")), tmp_path_factory.mktemp("pruned") / "go"
    kept = kept_from_archive(everything=False)
    for name in packed.files_of(whole):
        if kept(f"go/{name}") is not None:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(whole / name, target / name)
    return target


def go(goroot: Path, *arguments: str, cwd: Path, **env: str) -> str:
    """Run the go command of a GOROOT, with caches below ``cwd`` unless ``env`` says otherwise."""
    settings = {
        "PATH": f"{goroot}/bin:/usr/bin:/bin",
        "HOME": str(cwd),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw",
        "GOPROXY": "off",
        **env,
    }
    done = subprocess.run(
        ["go", *arguments], cwd=cwd, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("cgo", ["0", "1"])
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_every_package_of_the_library_has_the_same_sources(
    pruned: Path, tmp_path: Path, architecture: str, cgo: str
) -> None:
    whole = Path(go_env("GOROOT"))
    listed = {}
    for goroot in (whole, pruned):
        env = {"GOARCH": architecture, "CGO_ENABLED": cgo}
        text = go(goroot, "list", f"-json={FIELDS}", "std", cwd=tmp_path, **env)
        packages = json.loads("[" + text.replace("}\n{", "},{") + "]")
        listed[goroot] = {each["ImportPath"]: each for each in packages if each.get("GoFiles")}

    assert len(listed[whole]) > 200
    assert listed[pruned] == listed[whole]


def test_programs_are_the_same_to_the_last_bit(pruned: Path, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(MODULE)
    source = 'package main\n\nimport (\n\t"net"\n\t"os/user"\n)\n\n'
    source += "func main() { _, _ = user.Current(); _, _ = net.LookupHost(`x`) }\n"
    (tmp_path / "main.go").write_text(source)
    programs = []
    for number, goroot in enumerate((Path(go_env("GOROOT")), pruned)):
        cache = {"GOCACHE": str(tmp_path / f"cache{number}")}
        go(goroot, "build", "-trimpath", "-o", f"app{number}", ".", cwd=tmp_path, **cache)
        programs.append((tmp_path / f"app{number}").read_bytes())

    assert programs[0] == programs[1]


def test_modules_are_vendored_whatever_systems_they_are_for(pruned: Path, tmp_path: Path) -> None:
    """``go mod vendor`` looks at imports for all systems, also in what was left out here."""
    (tmp_path / "go.mod").write_text(MODULE)
    imports = go(Path(go_env("GOROOT")), "list", "std", cwd=tmp_path).split()
    usable = [
        name for name in imports if "internal" not in name.split("/") and "vendor" not in name
    ]
    lines = [f'import _ "{name}"' for name in (*usable, "syscall/js")]
    (tmp_path / "main.go").write_text("package main\n\n" + "\n".join(lines))

    go(pruned, "mod", "vendor", cwd=tmp_path)
    go(pruned, "mod", "tidy", cwd=tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    go_env("GOROOT")
    return Workbench(tmp_path)


def sizes(bench: Workbench) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (bench.layers / "gocache").iterdir()}


def test_twenty_edits_do_not_let_the_cache_grow(bench: Workbench) -> None:
    totals = []
    for edit in range(EDITS):
        app = {"go.mod": MODULE, "main.go": MAIN % edit, "lib/lib.go": LIB % (edit // 3)}
        done = bench.build(app)
        assert done.status == 0, done.output
        assert bench.program() == f"{edit} {edit // 3}\n"
        totals.append(sum(sizes(bench).values()))
        bench.restore()

    assert max(totals) < totals[0] * 1.1


def test_a_build_that_compiles_nothing_new_writes_nothing_new(bench: Workbench) -> None:
    app = {"go.mod": MODULE, "lib/lib.go": LIB % 1}
    bench.build({**app, "main.go": MAIN % 0})
    bench.restore()
    edited = bench.build({**app, "main.go": MAIN % 1})
    assert edited.status == 0, edited.output
    archives = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (bench.layers / "gocache").iterdir()
    }
    metadata = (bench.layers / "gocache.toml").read_bytes()
    assert len(archives) == 2
    bench.restore()

    # Another setting that is no part of what is compiled, so that the build is not skipped.
    done = bench.build({**app, "main.go": MAIN % 1}, BP_GO_BUILD_NOTHING="1")

    assert "Running 'go build" in done.output
    assert (bench.layers / "gocache.toml").read_bytes() == metadata
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (bench.layers / "gocache").iterdir()
    } == archives


def test_a_volume_is_all_that_builds_share(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    outputs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        bench = Workbench(tmp_path / name, {"BP_GO_CACHE_VOLUME": str(volume), "GOFLAGS": "-v"})
        done = bench.build(APP)
        assert done.status == 0, done.output
        assert bench.program() == "hello\n"
        assert not (bench.layers / "gocache").exists()
        outputs.append(done.output)

    assert "runtime\n" in outputs[0]
    assert "runtime\n" not in outputs[1]
    assert len(list((volume / "gocache").glob("??/*-d"))) > 2
