"""The vulnerability database in tests/vulndb, and what of it concerns a program."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import semver, vulndb
from gobp.golang.buildinfo import parse
from gobp.golang.module import ModuleVersion
from gobp.golang.vulndb import Entry, Finding, Severity

DATABASE = Path(__file__).parents[1] / "vulndb"
TEXT = "golang.org/x/text"
PROGRAM = (
    "app: go1.26.8\n\tpath\texample.com/app\n\tmod\texample.com/app\t(devel)\t\n"
    f"\tdep\t{TEXT}\tv0.3.5\th1:abc=\n"
    "\tdep\texample.com/a\tv1.0.0\n\t=>\texample.com/b\tv2.0.0+incompatible\th1:def=\n"
    "\tdep\texample.com/local\tv1.0.0\n\t=>\t./local\t\n"
)


def entries() -> list[Entry]:
    paths = sorted((DATABASE / "ID").iterdir())
    return [vulndb.parse_entry(path.read_bytes(), source=path.name) for path in paths]


def found(*modules: ModuleVersion, goos: str = "linux") -> tuple[Finding, ...]:
    return vulndb.findings(entries(), modules, goos=goos, goarch="amd64")


def ids(*modules: ModuleVersion, goos: str = "linux") -> list[str]:
    return [finding.entry.id for finding in found(*modules, goos=goos)]


def affected(events: list[dict[str, str]], version: str) -> bool:
    document = {
        "id": "X-1",
        "affected": [{"package": {"name": "m"}, "ranges": [{"type": "SEMVER", "events": events}]}],
    }
    entry = vulndb.parse_entry(json.dumps(document).encode(), source="X-1.json")
    return bool(vulndb.findings([entry], [ModuleVersion("m", version)], goos="", goarch=""))


KEYS = st.sampled_from(
    ["id", "affected", "package", "name", "ranges", "type", "events"]  # what entries have
) | st.sampled_from(["fixed", "introduced", "imports", "aliases", "path", "vulns"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


class TestModules:
    def test_a_program_is_built_of_its_modules_and_of_go(self) -> None:
        (program,) = parse(PROGRAM)

        assert vulndb.program_modules(program) == (
            ModuleVersion(TEXT, "v0.3.5"),
            ModuleVersion("example.com/b", "v2.0.0+incompatible"),
            ModuleVersion("stdlib", "v1.26.8"),
        )

    @pytest.mark.parametrize(
        ("printed", "version"),
        [
            ("go1.27rc1", "v1.27.0-rc.1"),
            ("go1.20", "v1.20.0"),
            ("go1.26.8 X:nodwarf5", "v1.26.8"),
        ],
    )
    def test_versions_of_go_become_semantic_ones(self, printed: str, version: str) -> None:
        (program,) = parse(f"app: {printed}\n")

        assert vulndb.program_modules(program) == (ModuleVersion("stdlib", version),)

    def test_a_development_version_of_go_is_not_guessed_at(self) -> None:
        (program,) = parse("app: devel go1.27-6d8a Tue Jan 6 2026\n")

        assert vulndb.program_modules(program) == ()

    def test_the_go_command_itself_is_the_toolchain(self) -> None:
        (program,) = parse("go: go1.26.8\n\tpath\tcmd/go\n\tmod\tcmd\t(devel)\t\n")

        assert ModuleVersion("toolchain", "v1.26.8") in vulndb.program_modules(program)


class TestFindings:
    def test_entries_of_other_versions_platforms_and_withdrawn_ones_are_left_out(self) -> None:
        assert ids(ModuleVersion(TEXT, "v0.3.5"), ModuleVersion("stdlib", "v1.26.8")) == [
            "GO-2021-0113",
            "GO-2099-0001",
            "GO-2099-0004",
            "GO-2099-0005",
        ]

    def test_an_entry_for_another_platform_counts_there(self) -> None:
        assert "GO-2099-0002" in ids(ModuleVersion("stdlib", "v1.26.8"), goos="windows")

    def test_the_fix_that_is_named_is_one_that_is_not_broken_again(self) -> None:
        fixes = {each.entry.id: each.fixed for each in found(ModuleVersion(TEXT, "v0.3.5"))}

        assert fixes == {"GO-2021-0113": "0.3.7", "GO-2099-0004": "0.3.8", "GO-2099-0005": ""}

    @pytest.mark.parametrize(
        ("version", "is_affected"),
        [
            ("v0.1.0", True),
            ("v0.2.0", False),
            ("v0.3.0", False),
            ("v0.3.1", True),
            ("v0.3.5-pre", True),
            ("v0.3.6", True),
            ("v0.3.8", False),
        ],
    )
    def test_ranges_begin_at_their_version_and_end_before_it(
        self, version: str, *, is_affected: bool
    ) -> None:
        assert ("GO-2099-0004" in ids(ModuleVersion(TEXT, version))) is is_affected

    def test_without_events_or_ranges_every_version_is_affected(self) -> None:
        assert affected([], "v9.0.0")

    def test_events_need_no_order(self) -> None:
        events = [{"fixed": "2.0.0"}, {"introduced": "1.0.0"}]

        assert affected(events, "v1.5.0")
        assert not affected(events, "v0.9.0")
        assert not affected(events, "v2.0.0")

    def test_severities_are_those_of_the_database(self) -> None:
        by_id = {entry.id: entry.severity for entry in entries()}

        assert by_id["GO-2021-0113"] is None
        assert by_id["GO-2099-0004"] is Severity.CRITICAL
        assert by_id["GO-2099-0005"] is Severity.MEDIUM


class TestCandidates:
    def index(self) -> dict[str, dict[str, str]]:
        path = DATABASE / vulndb.INDEX
        return vulndb.parse_index(path.read_bytes(), source=path.name)

    def test_what_was_fixed_long_ago_is_not_asked_for(self) -> None:
        modules = [ModuleVersion(TEXT, "v0.3.7"), ModuleVersion("example.com/other", "v1.0.0")]

        assert vulndb.candidates(self.index(), modules) == (
            "GO-2099-0003",
            "GO-2099-0004",
            "GO-2099-0005",
        )

    @given(st.sampled_from(["v0.1.0", "v0.2.0", "v0.3.0", "v0.3.2", "v0.3.6", "v0.3.9", "v1.0.0"]))
    def test_no_finding_is_missed_by_the_index(self, version: str) -> None:
        module = ModuleVersion(TEXT, version)

        assert set(ids(module)) <= set(vulndb.candidates(self.index(), [module]))


class TestUntrustedFiles:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{}",
            b"[1]",
            b"\xff",
            b"[" * 100_000,
            b'[{"path": "m", "vulns": 1}]',
            b'[{"path": "m", "vulns": [{"id": "../../etc/passwd"}]}]',
            b'[{"vulns": [{"id": ""}]}]',
        ],
        ids=range(8),
    )
    def test_an_index_that_is_none_is_refused(self, data: bytes) -> None:
        with pytest.raises(UserError, match="no file of a Go vulnerability database"):
            vulndb.parse_index(data, source="index/modules.json")

    @given(DOCUMENTS)
    def test_an_entry_is_read_or_refused(self, document: object) -> None:
        try:
            entry = vulndb.parse_entry(json.dumps(document).encode(), source="X.json")
        except UserError:
            return
        assert "/" not in entry.id


class TestSemverOrder:
    def test_the_order_is_that_of_semver_org(self) -> None:
        prereleases = ("alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1")
        ordered = ["none", *(f"v1.0.0-{each}" for each in prereleases), "v1.0.0", "v1.2", "v1.10.0"]

        assert sorted(sorted(ordered), key=semver.order) == ordered

    def test_short_forms_and_metadata_change_nothing(self) -> None:
        assert semver.order("v2") == semver.order("v2.0.0+incompatible")
