"""Which Go is chosen and from where it comes, up to the bytes in the layer."""

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import BuildContext, DetectContext, Host
from gobp.buildpack.go_dist.build import build
from gobp.buildpack.go_dist.candidates import Candidate, table, version_candidates
from gobp.buildpack.go_dist.catalog import Release, default_version, newest, releases
from gobp.buildpack.go_dist.distribution import (
    archive_hash,
    executable,
    is_foreign,
    kept_from_archive,
    kept_from_module,
    module_prefix,
)
from gobp.buildpack.go_dist.keep import keep
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule, goproxy_of, proxies, shown
from gobp.buildpack.layers import Layers
from gobp.buildpack.reporting.report import Recorder
from gobp.buildpack.session import Session
from gobp.buildpack.supply.mirrors import read_mirrors
from gobp.cnb import toml
from gobp.cnb.bindings import Binding
from gobp.cnb.buildpack_plan import Entry
from gobp.errors import UserError
from gobp.golang.constraint import Constraint
from gobp.golang.dirhash import hash1
from gobp.golang.version import GoVersion
from gobp.log import BuildLog
from gobp.system import packed
from gobp.system.fetch import NotAvailableError
from gobp.system.files import remove_tree
from gobp.system.process import Captured
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.scripted_commands import ScriptedCommands

VERSION = GoVersion.parse("1.99.1")
PROXY = "https://proxy.example.com"
ARCHIVE = "https://go.example.com/dl/go1.99.1.linux-amd64.tar.gz"


def entry(source: str, version: object) -> Entry:
    return Entry("go", {"version-source": source, "version": version})


class TestCandidates:
    def test_sources_stand_in_their_order_and_the_default_last(self) -> None:
        entries = [
            entry("go.mod", ">= 1.23"),
            Entry("go", {"build": True}),
            entry("BP_GO_VERSION", "1.25.*"),
            Entry("go", {"version": "1.22"}),
            entry(".tool-versions", "1.24"),
            entry("go.mod toolchain", "1.26.1"),
        ]

        assert [(c.source, c.version) for c in version_candidates(entries, "*")] == [
            ("BP_GO_VERSION", "1.25.*"),
            ("go.mod toolchain", "1.26.1"),
            ("go.mod", ">= 1.23"),
            (".tool-versions", "1.24"),
            ("<unknown>", "1.22"),
            ("default", "*"),
        ]

    def test_a_pair_that_is_there_twice_counts_once(self) -> None:
        assert len(version_candidates([entry("go.mod", "1"), entry("go.mod", "1")], "*")) == 2

    @pytest.mark.parametrize("version", ["", "  ", None, 1.25, True])
    def test_a_version_that_is_no_text_names_none(self, version: object) -> None:
        assert version_candidates([entry("go.mod", version)], "*") == (Candidate("default", "*"),)

    def test_the_table_is_aligned(self) -> None:
        rows = [Candidate("BP_GO_VERSION", "1.25.*"), Candidate("default", "*")]

        assert table(rows) == ['BP_GO_VERSION -> "1.25.*"', 'default       -> "*"']


METADATA = {
    "default-versions": {"go": "1.25.*"},
    "dependencies": [
        {"id": "go", "version": "1.26.8", "arch": "amd64", "checksum": "sha256:aa", "uri": "u"},
        {"id": "go", "version": "1.26.8", "arch": "arm64"},
        {"id": "go", "version": "1.25.14", "arch": "amd64", "checksum": "sha512:bb"},
        {"id": "watchexec", "version": "2", "arch": "amd64"},
    ],
}


class TestCatalog:
    def test_the_releases_are_those_of_go_for_the_architecture(self) -> None:
        found = releases(METADATA, "amd64")

        assert [str(release.version) for release in found] == ["1.26.8", "1.25.14"]
        assert found[0].sha256 == "aa"
        assert found[1].sha256 == ""
        assert len(releases(METADATA, "arm64")) == 1
        assert releases({}, "amd64") == ()

    def test_the_newest_that_is_allowed_is_taken(self) -> None:
        known = releases(METADATA, "amd64")

        def choice(text: str) -> str:
            release = newest(known, Constraint.parse(text, source="test"))
            return str(release.version) if release else ""

        assert choice("*") == "1.26.8"
        assert choice("1.25") == "1.25.14"
        assert choice("1.99") == ""

    def test_the_default_is_the_one_named_or_anything(self) -> None:
        assert default_version(METADATA) == "1.25.*"
        assert default_version({}) == default_version({"default-versions": "odd"}) == "*"

    def test_the_catalogue_of_this_buildpack_can_be_verified_for_both_architectures(self) -> None:
        text = (Path(__file__).parents[2] / "buildpack.toml").read_text()
        document = toml.loads(text, source="buildpack.toml")
        metadata = document["metadata"]
        assert isinstance(metadata, dict)

        for architecture in ("amd64", "arm64"):
            known = releases(metadata, architecture)
            assert len(known) > 5
            assert all(r.sha256 or r.module_hash.startswith("h1:") for r in known)
            assert all(f"linux-{architecture}" in r.uri for r in known)


# A distribution in both its shapes: what the module leaves out, what it renames.
FILES = {
    "VERSION": b"go1.99.1\n",
    "bin/go": b"the go command",
    "bin/gofmt": b"gofmt",
    "go.env": b"GOPROXY=direct\n",
    "pkg/tool/linux_amd64/compile": b"compiler",
    "pkg/tool/linux_amd64/vet": b"vet",
    "src/cmd/go/main.go": b"package main\n",
    "src/fmt/print.go": b"package fmt\n",
    "src/fmt/print_linux_arm64.s": b"// nothing\n",
    "src/fmt/print_windows.go": b"package fmt\n",
    "src/fmt/print_test.go": b"package fmt\n",
    "src/go.mod": b"module std\n",
    "src/strconv/testdata/testfp.txt": b"1",
}
ONLY_IN_THE_ARCHIVE = {
    "api/go1.txt": b"pkg",
    "doc/x.html": b"",
    "misc/a": b"",
    "test/run.go": b"package main\n",
}


def official_archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(f"go/{path}")
            info.size = len(content)
            info.mode = 0o755 if executable(path) else 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def module_names(files: Mapping[str, bytes]) -> dict[str, bytes]:
    prefix = module_prefix(VERSION, "amd64")
    return {prefix + path.replace("go.mod", "_go.mod"): data for path, data in files.items()}


def module_zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in module_names(files).items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def module_hash(files: Mapping[str, bytes]) -> str:
    named = module_names(files).items()
    return hash1((name, hashlib.sha256(data).hexdigest()) for name, data in named)


MODULE_HASH = module_hash(FILES)
MODULE_URL = f"{PROXY}/golang.org/toolchain/@v/v0.0.1-go1.99.1.linux-amd64.zip"
KEPT = {
    "VERSION",
    "bin/go",
    "bin/gofmt",
    "go.env",
    "pkg/tool/linux_amd64/compile",
    "src/fmt/print.go",
    "src/fmt/print_linux_arm64.s",
    "src/go.mod",
}
EVERYTHING = KEPT | {"pkg/tool/linux_amd64/vet", "src/fmt/print_windows.go"}


class TestDistribution:
    def test_both_shapes_keep_the_same_files(self) -> None:
        prefix = module_prefix(VERSION, "amd64")
        of_module = kept_from_module(prefix, everything=False)
        whole = {**FILES, **ONLY_IN_THE_ARCHIVE}

        assert {kept_from_archive(everything=False)(f"go/{path}") for path in whole} - {
            None
        } == KEPT
        assert {of_module(name) for name in module_names(FILES)} - {None} == KEPT

    def test_the_archive_may_begin_with_a_dot(self) -> None:
        assert kept_from_archive(everything=False)("./go/VERSION") == "VERSION"

    @pytest.mark.parametrize(
        "name",
        [
            *("a_windows.go", "a_windows_amd64.s", "a_linux_riscv64.h", "a_arm.S", "a_js_wasm.go"),
            *("a_b_darwin.syso", "a_android.c", "_plan9.go"),
        ],
    )
    def test_a_name_may_say_that_a_source_is_for_other_systems(self, name: str) -> None:
        assert is_foreign(name)

    @pytest.mark.parametrize(
        "name",
        [
            *("a.go", "windows.go", "arm.s", "windows_a.go", "a_linux.go", "a_linux_amd64.s"),
            *("a_arm64.go", "a_unix.go", "a_ppc64x.h", "a_windows.txt", "a_windows", "asm_.s"),
        ],
    )
    def test_other_names_say_nothing_of_the_kind(self, name: str) -> None:
        assert not is_foreign(name)

    @pytest.mark.parametrize("name", ["VERSION", "other/bin/go", "golang/x", "../go/x"])
    def test_what_is_not_of_the_distribution_is_left_out(self, name: str) -> None:
        assert kept_from_archive(everything=False)(name) is None
        assert kept_from_module("golang.org/toolchain@v1/", everything=False)(name) is None

    def test_one_hash_checks_both_shapes(self) -> None:
        whole = {**FILES, **ONLY_IN_THE_ARCHIVE}
        sums = {f"go/{path}": hashlib.sha256(data).hexdigest() for path, data in whole.items()}
        prefix = module_prefix(VERSION, "amd64")

        assert archive_hash(sums, prefix) == MODULE_HASH
        assert archive_hash({f"./{name}": s for name, s in sums.items()}, prefix) == MODULE_HASH
        sums["go/src/fmt/print_test.go"] = "0" * 64
        assert archive_hash(sums, prefix) != MODULE_HASH


class TestMirrors:
    uri = "https://some-uri.com/dep.tgz"

    @pytest.mark.parametrize(
        ("mirror", "location"),
        [
            (
                "https://mirror.example.org/{originalHost}",
                "https://mirror.example.org/some-uri.com/dep.tgz",
            ),
            ("https://mirror.example.org", "https://mirror.example.org/dep.tgz"),
            ("https://mirror.example.org/", "https://mirror.example.org/dep.tgz"),
            ("https://u:p@mirror.example.org/a", "https://u:p@mirror.example.org/a/dep.tgz"),
            ("file:///mirror", "file:///mirror/dep.tgz"),
        ],
    )
    def test_the_default_mirror_takes_the_place_of_the_host(
        self, mirror: str, location: str
    ) -> None:
        found = read_mirrors({"BP_DEPENDENCY_MIRROR": mirror}, [])

        assert found.location(self.uri, "") == location

    def test_a_host_is_encoded_in_the_name_of_its_variable(self) -> None:
        env = {"BP_DEPENDENCY_MIRROR_TESTING_123__ABC": "https://mirror.example.org"}
        found = read_mirrors(env, [])

        assert (
            found.location("https://testing.123-abc/dep.tgz", "")
            == "https://mirror.example.org/dep.tgz"
        )
        assert found.location(self.uri, "") == self.uri

    def test_the_mirror_of_a_host_comes_before_the_default_one(self) -> None:
        env = {
            "BP_DEPENDENCY_MIRROR": "https://d",
            "BP_DEPENDENCY_MIRROR_SOME__URI_COM": "https://h",
        }

        assert read_mirrors(env, []).location(self.uri, "") == "https://h/dep.tgz"

    def test_a_variable_wins_over_a_binding_for_the_same_host_only(self) -> None:
        binding = Binding(
            "m", "Dependency-Mirror", secrets={"default": "https://b ", "go.dev": "https://g\n"}
        )
        found = read_mirrors({"BP_DEPENDENCY_MIRROR": "https://v"}, [binding])

        assert found.location(self.uri, "") == "https://v/dep.tgz"
        assert found.location("https://go.dev/dl/x", "") == "https://g/dl/x"

    @pytest.mark.parametrize("uri", ["http://mirror.example.org", "mirror", "https:", "ftp://x"])
    def test_a_mirror_without_encryption_is_refused_by_the_name_of_its_source(
        self, uri: str
    ) -> None:
        with pytest.raises(UserError, match="BP_DEPENDENCY_MIRROR_X names a mirror"):
            read_mirrors({"BP_DEPENDENCY_MIRROR_X": uri}, [])
        with pytest.raises(UserError, match="the binding m names a mirror"):
            read_mirrors({}, [Binding("m", "dependency-mirror", secrets={"default": uri})])

    def test_two_bindings_of_mirrors_are_refused(self) -> None:
        with pytest.raises(UserError, match="2 bindings of type dependency-mirror"):
            read_mirrors({}, [Binding(name, "dependency-mirror") for name in "ab"])

    @pytest.mark.parametrize("key", ["aa", "sha256:aa", "sha256_aa"])
    def test_a_mapping_by_checksum_comes_before_any_mirror(self, key: str) -> None:
        mapping = Binding("m", "dependency-mapping", secrets={key: " https://here/x\n"})
        found = read_mirrors({"BP_DEPENDENCY_MIRROR": "https://v"}, [mapping])

        assert found.location(self.uri, "aa") == "https://here/x"
        assert found.location(self.uri, "bb") == "https://v/dep.tgz"
        assert found.location(self.uri, "") == "https://v/dep.tgz"

    def test_of_two_mappings_the_first_counts(self) -> None:
        bound = [Binding(n, "dependency-mapping", secrets={"aa": f"https://{n}"}) for n in "xy"]

        assert read_mirrors({}, bound).location(self.uri, "aa") == "https://x"

    @given(st.lists(st.sampled_from(["a", "b-c", "d1", "e-f-g"]), min_size=2).map(".".join))
    def test_every_host_can_be_named_by_a_variable(self, host: str) -> None:
        name = host.replace("-", "__").replace(".", "_").upper()
        found = read_mirrors({f"BP_DEPENDENCY_MIRROR_{name}": "https://m"}, [])

        assert found.location(f"https://{host}/x", "") == "https://m/x"


class TestToolchainModule:
    @pytest.mark.parametrize(
        ("goproxy", "addresses"),
        [
            ("", ()),
            ("off", ()),
            ("direct", ()),
            ("https://a, https://b/|direct", ("https://a", "https://b")),
            (",,https://a,", ("https://a",)),
            ("file:///cache", ("file:///cache",)),
        ],
    )
    def test_the_proxies_are_the_addresses_of_goproxy(
        self, goproxy: str, addresses: tuple[str, ...]
    ) -> None:
        assert proxies(goproxy) == addresses

    def test_goproxy_is_the_variable_else_what_go_says(self) -> None:
        assert goproxy_of({"GOPROXY": "a"}, "b") == "a"
        assert goproxy_of({"GOPROXY": ""}, "b") == goproxy_of({}, "b") == "b"

    def test_proxies_are_shown_without_passwords(self) -> None:
        assert shown(("https://u:p@a", "https://b")) == "https://a, https://b"
        assert shown(()) == "none"

    def test_the_newest_version_listed_for_the_architecture_is_found(self) -> None:
        listed = (
            "v0.0.1-go1.99.1.linux-amd64\nv0.0.1-go1.99.2.linux-arm64\nv0.0.1-go1.98.9.linux-amd64\n"
            "v0.0.1-go1.99.3.windows-amd64\nv0.0.1-gonsense.linux-amd64\nv9\n"
        )
        fetcher = MemoryFetcher({"https://b/golang.org/toolchain/@v/list": listed.encode()})
        module = ToolchainModule(fetcher, ("https://a", "https://b"), "")

        assert module.newest(Constraint.parse("*", source="t"), "amd64") == Release(
            VERSION, "amd64"
        )
        assert module.newest(Constraint.parse("1.97", source="t"), "amd64") is None

    def test_without_an_answer_every_proxy_is_named(self) -> None:
        module = ToolchainModule(MemoryFetcher({}), ("https://a", "https://b"), "")

        with pytest.raises(NotAvailableError, match="no Go module proxy serves Go") as caught:
            module.versions("amd64")

        assert "https://a" in caught.value.detail
        assert "https://b" in caught.value.detail

    def test_a_hash_that_cannot_be_looked_up_is_said(self) -> None:
        module = ToolchainModule(MemoryFetcher({}), ("https://a",), "off")

        with pytest.raises(UserError, match="GOSUMDB is off"):
            module.module_hash(Release(VERSION, "amd64"))


class Machine:
    """A machine whose network is in memory, to build go-dist on; builds on it follow each other."""

    def __init__(self, root: Path, content: Mapping[str, bytes]) -> None:
        self.layers = root / "layers"
        self.buildpack = root / "buildpack"
        self.layers.mkdir(exist_ok=True)
        self.fetcher = MemoryFetcher(content)
        self.go = Captured(127, "", "go: not found")
        self.env = {"GOPROXY": PROXY}
        self.bindings: tuple[Binding, ...] = ()
        self.release: dict[str, object] = {"uri": ARCHIVE, "module-hash": MODULE_HASH}
        self.others: list[dict[str, object]] = []
        self.is_for_others = False
        self.said = io.StringIO()

    def build(self, *entries: Entry) -> Path:
        build(self.context(entries))
        return self.layers / "go-sdk"

    def keep(self, *entries: Entry) -> Path:
        """Go through a build without a change, of which the lifecycle restored cached layers."""
        for name in ("go-sdk", "go-sdk.toml"):
            remove_tree(self.layers / name)
        keep(self.context(entries))
        return self.layers / "go-sdk"

    def context(self, entries: tuple[Entry, ...]) -> BuildContext:
        dependency = {"id": "go", "version": "1.99.1", "arch": "amd64", **self.release}
        return BuildContext(
            facts=DetectContext(MemoryTree({}), self.env, bindings=self.bindings),
            app_dir=self.layers,
            buildpack_dir=self.buildpack,
            metadata={"dependencies": [dependency, *self.others]},
            env=self.env,
            entries=entries,
            layers=Layers(self.layers),
            session=Session(self.layers),
            host=Host("amd64", ScriptedCommands({("go",): self.go}), self.fetcher),
            log=BuildLog(self.said),
            report=Recorder(),
            is_for_others=self.is_for_others,
        )


ARCHIVE_BYTES = official_archive({**FILES, **ONLY_IN_THE_ARCHIVE})
ARCHIVE_SHA256 = hashlib.sha256(ARCHIVE_BYTES).hexdigest()
PLACES = {
    "the official archive": {ARCHIVE: ARCHIVE_BYTES},
    "the module proxy": {MODULE_URL: module_zip(FILES)},
}


@pytest.mark.parametrize("content", PLACES.values(), ids=PLACES)
def test_go_is_installed_from_every_place_with_the_same_layer(
    tmp_path: Path, content: dict[str, bytes]
) -> None:
    machine = Machine(tmp_path, content)

    layer = machine.build()

    sdk = layer / "sdk"
    assert set(packed.files_of(sdk)) == KEPT
    assert all(os.access(p, os.X_OK) for p in sdk.rglob("*") if executable(str(p.relative_to(sdk))))
    assert (layer / "bin/go").read_bytes() == b"the go command"
    assert not (machine.layers / ".go-staging").exists()
    assert types_of(machine, "go") == {"build": False, "cache": True, "launch": False}
    assert types_of(machine, "go-sdk") == {"build": True, "cache": False, "launch": False}
    assert [path.name for path in (machine.layers / "go").iterdir()] == ["go.tar.zst"]


def types_of(machine: Machine, layer: str) -> object:
    return toml.loads((machine.layers / f"{layer}.toml").read_text(), source=layer)["types"]


def test_go_at_launch_is_kept_where_the_plan_asks_for_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.go = Captured(0, "go1.99.1\n/usr/local/go\n\n", "")

    machine.build(Entry("go", {"launch": True}))

    assert types_of(machine, "go-sdk") == {"build": True, "cache": False, "launch": True}


def test_the_go_of_the_build_image_is_used_where_it_fits(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {})
    machine.go = Captured(0, "go1.99.0\n/usr/local/go\n\n", "")

    machine.build(entry("go.mod", ">= 1.99"))

    assert "Using Go 1.99.0 of the build image (/usr/local/go)" in machine.said.getvalue()
    assert [*machine.layers.iterdir()] == []


@pytest.mark.parametrize("output", ["devel go1.99-abc\n/x\n\n", "", "go1.99.1\n", "\n\n\n"])
def test_a_go_that_is_no_release_is_not_used(tmp_path: Path, output: str) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.go = Captured(0, output, "")

    assert (machine.build() / "bin/go").exists()


def test_a_restored_go_is_used_without_a_download(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.build()
    machine.fetcher.asked.clear()

    machine.build()

    assert machine.fetcher.asked == []
    assert f"Reusing cached layer {machine.layers}/go\n" in machine.said.getvalue()


def test_a_go_that_was_restored_half_is_installed_again_and_the_log_says_why(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    layer = machine.build()
    (machine.layers / "go/go.tar.zst").unlink()

    machine.build()

    assert (layer / "sdk/src/fmt/print.go").exists()
    assert (
        "Not reusing the cached Go: the restored files are not complete" in machine.said.getvalue()
    )


WRONG = {
    "wrong archive": {ARCHIVE: official_archive({**FILES, "bin/go": b"evil"})},
    "wrong module": {MODULE_URL: module_zip({**FILES, "bin/go": b"evil"})},
    "module with a file more": {MODULE_URL: module_zip({**FILES, "bin/evil": b""})},
    "module with a file less": {MODULE_URL: module_zip({"bin/go": FILES["bin/go"]})},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_distribution_with_another_hash_is_refused_and_leaves_nothing(
    tmp_path: Path, content: dict[str, bytes]
) -> None:
    machine = Machine(tmp_path, content)

    with pytest.raises(
        UserError, match=r"the download of Go 1\.99\.1 from .* is corrupted"
    ) as error:
        machine.build()

    assert MODULE_HASH in error.value.detail
    assert [*machine.layers.iterdir()] == []


def test_an_archive_with_a_known_checksum_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: b"not an archive"})
    machine.release["checksum"] = f"sha256:{ARCHIVE_SHA256}"

    with pytest.raises(UserError, match="corrupted"):
        machine.build()


@pytest.mark.parametrize("url", [ARCHIVE, MODULE_URL])
def test_what_is_no_archive_at_all_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="is not a whole archive"):
        Machine(tmp_path, {url: b"<html>"}).build()


def test_a_failed_install_leaves_the_layer_that_was_there(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.build()
    (machine.layers / "go/env").touch()
    machine.fetcher = MemoryFetcher({})

    with pytest.raises(UserError, match=r"Go 1\.99\.1 for linux/amd64 cannot be downloaded"):
        machine.build()

    assert (machine.layers / "go/go.tar.zst").exists()
    assert (machine.layers / "go.toml").exists()


def test_a_mapping_leads_to_the_archive(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"https://internal/go.tgz": ARCHIVE_BYTES})
    machine.release["checksum"] = f"sha256:{ARCHIVE_SHA256}"
    machine.bindings = (
        Binding("m", "dependency-mapping", secrets={ARCHIVE_SHA256: "https://internal/go.tgz"}),
    )

    assert (machine.build() / "bin/go").exists()


def test_an_offline_package_brings_the_archive(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {})
    uri = "file:///dependencies/go.tgz"
    machine.release = {"uri": uri, "checksum": f"sha256:{ARCHIVE_SHA256}"}
    machine.env["BP_DEPENDENCY_MIRROR"] = "https://mirror.example.com"
    machine.fetcher = MemoryFetcher(
        {f"file://{machine.buildpack}/dependencies/go.tgz": ARCHIVE_BYTES}
    )

    assert (machine.build() / "bin/go").exists()


def test_an_offline_package_may_bring_the_module(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {})
    uri = "file:///dependencies/go.zip"
    machine.release = {"uri": uri, "module-hash": MODULE_HASH}
    machine.fetcher = MemoryFetcher(
        {f"file://{machine.buildpack}/dependencies/go.zip": module_zip(FILES)}
    )

    assert (machine.build() / "bin/go").exists()


def test_an_unknown_version_names_what_was_asked_and_what_is_known(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {f"{PROXY}/golang.org/toolchain/@v/list": b""})

    with pytest.raises(UserError) as caught:
        machine.build(entry("BP_GO_VERSION", "1.7"))

    assert caught.value.summary == ("no Go version satisfies '1.7', which BP_GO_VERSION asks for")
    assert caught.value.detail == (
        "known to this buildpack: 1.99.1\nGo module proxy asked: https://proxy.example.com\n"
        "the module proxy does not list one either"
    )


def test_the_restored_go_is_used_when_no_proxy_can_say_what_is_newer(tmp_path: Path) -> None:
    listing = f"{PROXY}/golang.org/toolchain/@v/list"
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.build()
    machine.release["version"] = "1.98.0"
    machine.fetcher = MemoryFetcher({})

    machine.build(entry("go.mod", ">= 1.99"))

    assert machine.fetcher.asked == [listing]
    assert "Reusing cached layer" in machine.said.getvalue()


def test_passwords_of_proxies_stay_out_of_log_and_error(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {})
    machine.env["GOPROXY"] = "https://me:hunter2@proxy.example.com"

    with pytest.raises(UserError) as caught:
        machine.build()

    assert "hunter2" not in machine.said.getvalue()
    assert "hunter2" not in caught.value.summary + caught.value.remedy


MORE = {
    "tests": (entry("go.mod", "*"), Entry("go", {"test": True})),
    "generators": {"BP_GO_GENERATE": "true"},
    "another system": {"GOOS": "windows"},
    "another architecture": {"GOARCH": "riscv64"},
}


@pytest.mark.parametrize("why", MORE.values(), ids=MORE)
def test_go_is_whole_where_more_is_done_with_it_than_compiling_the_app(
    tmp_path: Path, why: tuple[Entry, ...] | dict[str, str]
) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    entries = why if isinstance(why, tuple) else ()
    machine.env |= why if isinstance(why, dict) else {}

    layer = machine.build(*entries)

    assert set(packed.files_of(layer / "sdk")) == EVERYTHING


def test_go_is_whole_for_buildpacks_after_this_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.build()
    machine.is_for_others = True

    layer = machine.build()

    assert set(packed.files_of(layer / "sdk")) == EVERYTHING
    assert "content-rules changed from 2 to 2+all" in machine.said.getvalue()


def test_a_restored_go_is_the_one_that_was_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    installed = told(machine.build())
    archive = (machine.layers / "go/go.tar.zst").read_bytes()

    assert told(machine.build()) == installed
    assert (machine.layers / "go/go.tar.zst").read_bytes() == archive


def told(layer: Path) -> dict[str, tuple[bytes, bool, float]]:
    """Return what go can tell of each file: content, whether it is a program, time."""
    found = {}
    for name in packed.files_of(layer / "sdk"):
        path = layer / "sdk" / name
        status = path.stat()
        found[name] = (path.read_bytes(), bool(status.st_mode & 0o100), status.st_mtime)
    return found


def test_a_damaged_go_is_installed_again_and_the_log_says_why(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
    machine.build()
    archive = machine.layers / "go/go.tar.zst"
    whole = archive.read_bytes()
    archive.write_bytes(whole[:100] + bytes(len(whole) - 100))

    layer = machine.build()

    assert set(packed.files_of(layer / "sdk")) == KEPT
    assert "Not reusing the cached Go: go.tar.zst is not a whole" in machine.said.getvalue()
    assert archive.read_bytes() == whole


class TestKeep:
    """A build without a change compiles nothing."""

    def test_go_stays_packed_and_as_it_was(self, tmp_path: Path) -> None:
        machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
        machine.build()
        before = (machine.layers / "go.toml").read_bytes()
        archive = (machine.layers / "go/go.tar.zst").stat()
        machine.fetcher = MemoryFetcher({})

        assert not machine.keep().exists()

        assert (machine.layers / "go.toml").read_bytes() == before
        assert (machine.layers / "go/go.tar.zst").stat() == archive

    def test_it_is_unpacked_for_a_buildpack_that_asks_for_go(self, tmp_path: Path) -> None:
        machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
        machine.is_for_others = True
        machine.build()

        assert (machine.keep() / "bin/go").read_bytes() == b"the go command"

    def test_a_go_that_was_not_restored_is_not_needed(self, tmp_path: Path) -> None:
        machine = Machine(tmp_path, {})

        machine.keep()

        assert [*machine.layers.iterdir()] == []


def packed_for_offline(root: Path) -> Machine:
    """Return a machine whose package brings Go in two archives."""
    machine = Machine(root, {})
    for name, content in FILES.items():
        path = root / "published" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if executable(name) else 0o644)
    parts = {"go": KEPT, "go-rest": EVERYTHING - KEPT}
    tables = []
    served = {}
    for name, part in parts.items():
        archive = root / f"{name}.tar.zst"
        packed.pack(root / "published", archive, part)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        uri = f"file:///dependencies/{digest}.tar.zst"
        served[f"file://{machine.buildpack}{uri.removeprefix('file://')}"] = archive.read_bytes()
        tables.append({"id": name, "uri": uri, "checksum": f"sha256:{digest}"})
    machine.release = {**tables[0], "module-hash": MODULE_HASH}
    machine.others = [{**tables[1], "version": "1.99.1", "arch": "amd64"}]
    machine.fetcher = MemoryFetcher(served)
    return machine


def test_an_offline_package_brings_the_archive_that_is_kept(tmp_path: Path) -> None:
    machine = packed_for_offline(tmp_path)

    layer = machine.build()

    assert set(packed.files_of(layer / "sdk")) == KEPT
    kept = (machine.layers / "go/go.tar.zst").read_bytes()
    assert kept == (tmp_path / "go.tar.zst").read_bytes()
    assert len(machine.fetcher.asked) == 1


def test_an_offline_package_has_the_rest_for_those_who_need_it(tmp_path: Path) -> None:
    machine = packed_for_offline(tmp_path)

    layer = machine.build(Entry("go", {"test": True}))

    assert set(packed.files_of(layer / "sdk")) == EVERYTHING
    machine.fetcher.asked.clear()
    assert set(packed.files_of(machine.build(Entry("go", {"test": True})) / "sdk")) == EVERYTHING
    assert machine.fetcher.asked == []


def test_a_damaged_archive_in_the_package_is_refused(tmp_path: Path) -> None:
    machine = packed_for_offline(tmp_path)
    machine.release["checksum"] = f"sha256:{'0' * 64}"

    with pytest.raises(UserError, match="corrupted"):
        machine.build()


class TestVolume:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Machine:
        (tmp_path / "volume").mkdir()
        machine = Machine(tmp_path, {ARCHIVE: ARCHIVE_BYTES})
        machine.env["BP_GO_CACHE_VOLUME"] = str(tmp_path / "volume")
        return machine

    def test_go_is_installed_once_and_linked_to(self, tmp_path: Path, machine: Machine) -> None:
        layer = machine.build()
        machine.fetcher.asked.clear()
        remove_tree(layer)

        machine.build()

        goroot = tmp_path / "volume/go/1.99.1-amd64"
        assert set(packed.files_of(goroot)) == KEPT
        assert (layer / "bin/go").resolve() == goroot / "bin/go"
        assert machine.fetcher.asked == []
        assert types_of(machine, "go-sdk") == {"build": True, "cache": False, "launch": False}
        assert not (machine.layers / "go.toml").exists()

    def test_a_whole_go_is_another_folder(self, tmp_path: Path, machine: Machine) -> None:
        machine.build()
        machine.build(Entry("go", {"test": True}))

        assert set(packed.files_of(tmp_path / "volume/go/1.99.1-amd64-all")) == EVERYTHING
        assert set(packed.files_of(tmp_path / "volume/go/1.99.1-amd64")) == KEPT

    def test_an_image_gets_a_copy(self, machine: Machine) -> None:
        layer = machine.build(Entry("go", {"launch": True}))

        assert (layer / "bin/go").resolve() == layer / "sdk/bin/go"

    def test_an_install_that_was_cut_is_begun_anew(self, tmp_path: Path, machine: Machine) -> None:
        cut = tmp_path / "volume/go/.1.99.1-amd64.new/go/bin"
        cut.mkdir(parents=True)
        (cut / "go").write_bytes(b"half")

        assert (machine.build() / "bin/go").read_bytes() == b"the go command"

    def test_one_that_fails_leaves_nothing_to_be_used(
        self, tmp_path: Path, machine: Machine
    ) -> None:
        machine.fetcher = MemoryFetcher({ARCHIVE: official_archive({"bin/go": b"evil"})})

        with pytest.raises(UserError, match="corrupted"):
            machine.build()

        left = [path.name for path in (tmp_path / "volume/go").iterdir()]
        assert left == [".1.99.1-amd64.lock"]

    def test_builds_at_the_same_time_install_it_once(
        self, tmp_path: Path, machine: Machine
    ) -> None:
        others = []
        for number in range(4):
            (tmp_path / str(number)).mkdir()
            other = Machine(tmp_path / str(number), {})
            other.env, other.fetcher = machine.env, machine.fetcher
            others.append(other)

        with ThreadPoolExecutor() as threads:
            layers = list(threads.map(lambda each: each.build(), others))

        assert all((layer / "bin/go").read_bytes() == b"the go command" for layer in layers)
        assert machine.fetcher.asked == [ARCHIVE]

    def test_without_a_change_nothing_is_made(self, machine: Machine) -> None:
        machine.build()
        for path in machine.layers.iterdir():
            remove_tree(path)

        machine.keep()

        assert [*machine.layers.iterdir()] == []
