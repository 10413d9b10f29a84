"""The vendor folder of an earlier build, put back for this one: as go would make it, and as real.

Each build is that of the component alone, with the real go and a proxy that counts.
"""

import io
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from gobp.buildpack.builders import BUILDERS, Build
from gobp.buildpack.go_mod_vendor import prefetch
from gobp.buildpack.go_mod_vendor.build import build
from gobp.cnb import toml
from gobp.golang.dirhash import go_mod_hash, hash1
from gobp.system.files import remove_tree
from gobp.system.packed import files_of
from gobp.system.process import SystemCommands
from integration.by_hand import go_root
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.trouble_server import Request, TroubleServer, serving

DEP, LIB = "example.com/dep", "example.com/Lib"
GO_MOD = f"module example.com/app\n\ngo 1.24\n\nrequire (\n\t{DEP} v1.0.0\n\t{LIB} v1.0.0\n)\n"
SOURCE = f'package main\n\nimport _ "{LIB}/a"\n\nfunc main() {{}}\n'
RAN, REUSED = "Running 'go mod vendor'", "Reusing the vendor folder"


def module(path: str, files: Mapping[str, str]) -> dict[str, bytes]:
    """Return version v1.0.0 of a module as a proxy serves it, and its lines of go.sum."""
    go_mod = f"module {path}\n\ngo 1.24\n"
    named = {f"{path}@v1.0.0/{name}": text for name, text in {**files, "go.mod": go_mod}.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in named.items():
            archive.writestr(name, text)
    h1 = hash1((name, sha256(text.encode()).hexdigest()) for name, text in named.items())
    sums = f"{path} v1.0.0 {h1}\n{path} v1.0.0/go.mod {go_mod_hash(go_mod.encode())}\n"
    at = f"/{path.replace('L', '!l')}/@v/"
    return {
        f"{at}v1.0.0.mod": go_mod.encode(),
        f"{at}v1.0.0.info": b'{"Version": "v1.0.0"}',
        f"{at}v1.0.0.zip": buffer.getvalue(),
        f"sum {path}": sums.encode(),
    }


SERVED = {
    **module(DEP, {"dep.go": "package dep\n", "LICENSE": "words\n"}),
    **module(
        LIB,
        {
            "a/a.go": f'package a\n\nimport _ "{DEP}"\n',
            "b/b.go": "package b\n",
            "b/b_test.go": "package b\n",
        },
    ),
}
SUMS = (SERVED[f"sum {DEP}"] + SERVED[f"sum {LIB}"]).decode()
APP = {"go.mod": GO_MOD, "go.sum": SUMS, "main.go": SOURCE}


def answer(request: Request, _: int) -> None:
    content = SERVED.get(unquote(request.path))
    request.whole(content or b"", 200 if content is not None else 404)


@dataclass
class Shop:
    """A place for builds of one app, one after the other."""

    root: Path
    proxy: TroubleServer
    env: dict[str, str] = field(default_factory=dict)

    def given(self, files: Mapping[str, str], env: Mapping[str, str]) -> ABuild:
        remove_tree(self.root / "app")
        return a_build(
            self.root,
            files=files,
            env={
                "PATH": f"{go_root()}/bin:/usr/bin:/bin",
                "HOME": str(self.root),
                "GOPROXY": self.proxy.url,
                "GONOSUMDB": "*",
                "NO_PROXY": "127.0.0.1",
                **self.env,
                **env,
            },
            commands=SystemCommands(),
        )

    def build(
        self,
        files: Mapping[str, str] = APP,
        env: Mapping[str, str] | None = None,
        *,
        component: Build = build,
    ) -> str:
        """Build, and leave the layers as the lifecycle restores them; return the log."""
        made = self.given(files, env or {})
        component(made.context)
        made.context.session.close()
        self.restore()
        return made.said.getvalue()

    def restore(self) -> None:
        for file in (self.root / "layers").glob("*.toml"):
            document = tomllib.loads(file.read_text())
            if document.get("types", {}).get("cache"):
                file.write_text(toml.dumps({"metadata": document["metadata"]}))
            else:
                file.unlink()
                remove_tree(file.with_suffix(""))

    def vendored(self) -> dict[str, bytes]:
        vendor = self.root / "app/vendor"
        return {name: (vendor / name).read_bytes() for name in sorted(files_of(vendor))}

    def made_by_go(self) -> dict[str, bytes]:
        """Return what go itself makes of the app as it is now."""
        argv = [f"{go_root()}/bin/go", "mod", "vendor"]
        cache = str(self.root / "cache")
        env = {"GOPROXY": self.proxy.url, "GONOSUMDB": "*", "GOFLAGS": "-modcacherw"}
        env |= {"HOME": cache, "PATH": "/usr/bin:/bin"}
        subprocess.run(argv, cwd=self.root / "app", env=env, check=True, capture_output=True)
        return self.vendored()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with serving(answer) as proxy:
        yield Shop(tmp_path, proxy)


@pytest.fixture(params=["layers", "a volume"])
def either(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """A shop whose builds keep what lasts in layers, or in a volume."""
    if request.param == "a volume":
        (shop.root / "volume").mkdir()
        shop.env["BP_GO_CACHE_VOLUME"] = str(shop.root / "volume")
    return shop


def test_nothing_is_fetched_or_run_where_only_code_has_changed(either: Shop) -> None:
    first = either.build()
    fetched = len(either.proxy.requests)
    made = either.vendored()

    second = either.build({**APP, "main.go": SOURCE.replace("{}", "{ println(1) }")})

    assert RAN in first
    assert RAN not in second
    assert REUSED in second
    assert len(either.proxy.requests) == fetched
    assert either.vendored() == made == either.made_by_go()


CHANGES: Mapping[str, Mapping[str, str]] = {
    "another package": {"main.go": SOURCE.replace("func", f'import _ "{LIB}/b"\n\nfunc')},
    "a package less": {"main.go": SOURCE.replace("/a", "/b")},
    "another package of a test": {"x_test.go": f'package main\n\nimport _ "{LIB}/b"\n'},
    "one for another system": {"x_windows.go": f'package main\n\nimport _ "{LIB}/b"\n'},
    "one with a build tag": {"x.go": f'//go:build t\n\npackage main\n\nimport _ "{LIB}/b"\n'},
    "one behind much text": {"x.go": f'package main\n\n/*{"x" * 20000}*/ import "{LIB}/b"\n'},
    "one in another folder": {"y/y.go": f'package y\n\nimport _ "{LIB}/b"\n'},
    "one in a hidden folder": {
        "_y/y.go": f'package y\n\nimport _ "{LIB}/b"\n',
        "z.go": 'package main\n\nimport _ "example.com/app/_y"\n',
    },
    "go.mod": {"go.mod": GO_MOD.replace(f"{LIB} v1.0.0", f"{LIB} v1.0.0 // indirect")},
    "the go line": {"go.mod": GO_MOD.replace("1.24", "1.25")},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_counts_has_the_folder_made_anew(either: Shop, change: Mapping[str, str]) -> None:
    either.build()

    second = either.build({**APP, **change})

    assert RAN in second
    assert either.vendored() == either.made_by_go()


def test_another_go_makes_the_folder_anew(shop: Shop) -> None:
    other = shop.root / "go"
    (other / "bin").mkdir(parents=True)
    (other / "bin/go").write_text(f'#!/bin/sh\nexec {go_root()}/bin/go "$@"\n')
    (other / "bin/go").chmod(0o755)
    (other / "VERSION").write_text("go1.99.0\n")
    shop.build()
    path = {"PATH": f"{other}/bin:/usr/bin:/bin"}

    assert RAN in shop.build(APP, path)
    assert REUSED in shop.build(APP, path)
    (other / "VERSION").unlink()
    assert RAN in shop.build(APP, path)


@pytest.mark.parametrize(
    "env",
    [
        {"GOFLAGS": "-modfile=other.mod"},
        {"GOFLAGS": "-overlay=other.json"},
        {"BP_GO_GENERATE": "true"},
        {"GOFLAGS": "-mod=mod"},
    ],
)
def test_settings_that_may_matter_are_left_to_go(shop: Shop, env: Mapping[str, str]) -> None:
    files = {**APP, "other.mod": GO_MOD, "other.sum": SUMS, "other.json": "{}"}
    shop.build(files)

    assert RAN in shop.build(files, env)


def test_a_replacement_by_a_folder_is_left_to_go(shop: Shop) -> None:
    files = {
        **APP,
        "go.mod": f"{GO_MOD}\nreplace {DEP} => ./dep\n",
        "dep/go.mod": f"module {DEP}\n",
        "dep/dep.go": "package dep\n",
    }
    shop.build(files)

    again = shop.build({**files, "dep/dep.go": "package dep // another\n"})

    assert RAN in again
    assert b"another" in shop.vendored()[f"{DEP}/dep.go"]


def test_an_app_without_modules_runs_no_go_twice(either: Shop) -> None:
    files = {"go.mod": "module example.com/app\n\ngo 1.24\n", "main.go": "package main\n"}

    assert RAN in either.build(files)
    assert REUSED in either.build(files)
    assert not (either.root / "app/vendor").exists()


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_archive_is_made_anew(shop: Shop, damage: bytes | None) -> None:
    shop.build()
    archive = shop.root / "layers/vendor/vendor.tar.zst"
    whole = archive.read_bytes()
    cut = whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2)
    archive.write_bytes(cut if damage is None else damage)

    log = shop.build()

    assert "Not reusing the vendor folder" in log
    assert RAN in log
    assert shop.vendored() == shop.made_by_go()
    assert archive.read_bytes() == whole


def test_only_downloads_are_cached_and_are_enough_without_a_proxy(shop: Shop) -> None:
    shop.build()
    cached = {path.name for path in (shop.root / "layers/mod-cache").iterdir()}
    suffixes = {
        path.suffix
        for path in (shop.root / "layers/mod-cache/cache/download").rglob("*")
        if path.is_file()
    }
    changed = {**APP, **CHANGES["another package"]}

    log = shop.build(changed, {"GOPROXY": "off"})

    assert cached == {"cache", "env.build"}
    assert suffixes == {"", ".info", ".mod", ".zip", ".ziphash"}  # the first is a list of versions
    assert RAN in log
    assert f"{LIB}/b/b.go" in shop.vendored()


def test_a_build_that_keeps_everything_declares_what_was_restored(shop: Shop) -> None:
    shop.build()
    before = {path: path.stat().st_mtime_ns for path in (shop.root / "layers").glob("*/**/*")}

    keep = BUILDERS["go-mod-vendor"].keep
    assert keep is not None
    shop.build(component=keep)
    log = shop.build()

    after = {path: path.stat().st_mtime_ns for path in (shop.root / "layers").glob("*/**/*")}
    assert before.items() <= {**after, **before}.items()
    assert REUSED in log
    assert "Reusing cached layer" in log


def test_a_shared_folder_that_somebody_wrote_to_is_not_used(shop: Shop) -> None:
    (shop.root / "volume").mkdir()
    shop.env["BP_GO_CACHE_VOLUME"] = str(shop.root / "volume")
    shop.build()
    with (shop.root / f"app/vendor/{DEP}/dep.go").open("a") as file:
        file.write("// changed through a link\n")

    log = shop.build()

    assert RAN in log
    assert shop.vendored() == shop.made_by_go()


def test_modules_fetched_ahead_are_not_fetched_again(shop: Shop) -> None:
    made = shop.given(APP, {})
    prefetch.start(made.context)

    build(made.context)

    made.context.session.close()
    asked = [unquote(path) for path, _ in shop.proxy.requests]
    assert sorted(asked) == sorted(set(asked))
    assert {path for path in asked if path.endswith(".zip")} == {
        path for path in SERVED if path.endswith(".zip")
    }
    assert shop.vendored() == shop.made_by_go()
