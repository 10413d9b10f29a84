"""Known vulnerabilities: what is asked, told, kept and refused."""

import json
from pathlib import Path

import pytest

from gobp.buildpack.component import Fail, Pass
from gobp.buildpack.vulnerabilities.build import build
from gobp.buildpack.vulnerabilities.config import read_config
from gobp.buildpack.vulnerabilities.detect import detect
from gobp.cnb.bindings import Binding
from gobp.cnb.launch import Label, Launch
from gobp.errors import UserError
from gobp.golang.vulndb import Severity
from gobp.system.process import Captured
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.scripted_commands import ScriptedCommands

DATABASE = Path(__file__).parents[1] / "vulndb"
URL = "https://vulndb.example.com"
CONTENT = {
    f"{URL}/{path.relative_to(DATABASE).as_posix()}": path.read_bytes()
    for path in DATABASE.rglob("*.json")
}
MODULES = "\tdep\tgolang.org/x/text\tv0.3.5\n\tbuild\tGOARCH=amd64\n\tbuild\tGOOS=linux\n"


def looked(
    tmp_path: Path, content: dict[str, bytes] | None = None, **env: str
) -> tuple[ABuild, MemoryFetcher]:
    """Two programs, of which one has golang.org/x/text."""
    programs = tmp_path / "layers/targets/bin"
    programs.mkdir(parents=True)
    for name in ("web", "job"):
        (programs / name).touch()
    said = f"bin/job: go1.99.1\nbin/web: go1.99.1\n{MODULES}"
    fetcher = MemoryFetcher(CONTENT if content is None else content)
    return (
        a_build(
            tmp_path,
            env={"GOVULNDB": URL, **env},
            commands=ScriptedCommands({("go", "version", "-m"): Captured(0, said, "")}),
            fetcher=fetcher,
        ),
        fetcher,
    )


def said_rows(made: ABuild) -> list[str]:
    lines = [line.strip() for line in made.said.getvalue().splitlines()]
    return [line for line in lines if line.startswith("GO-")]


class TestConfiguration:
    @pytest.mark.parametrize(
        ("env", "takes_part"),
        [
            ({}, False),
            ({"GOVULNDB": URL}, False),
            ({"BP_GO_VULN": "true"}, True),
            ({"BP_GO_VULN_FAIL": "high"}, True),
            ({"BP_GO_VULN_FAIL": "false"}, False),
            ({"BP_GO_VULN_FAIL": "high", "BP_GO_VULN": "false"}, False),
        ],
    )
    def test_programs_are_looked_at_where_it_is_asked_for(
        self, tmp_path: Path, env: dict[str, str], *, takes_part: bool
    ) -> None:
        result = detect(a_build(tmp_path, env=env).context.facts)

        assert isinstance(result, Pass if takes_part else Fail)

    @pytest.mark.parametrize(
        ("value", "limit"),
        [
            ("any", Severity.LOW),
            ("true", Severity.LOW),
            ("Medium", Severity.MEDIUM),
            ("CRITICAL", Severity.CRITICAL),
            ("0", None),
            ("", None),
        ],
    )
    def test_the_limit_is_a_severity(
        self, tmp_path: Path, value: str, limit: Severity | None
    ) -> None:
        facts = a_build(tmp_path, env={"BP_GO_VULN_FAIL": value}).context.facts

        assert read_config(facts).fail_from is limit

    def test_another_limit_is_refused(self, tmp_path: Path) -> None:
        facts = a_build(tmp_path, env={"BP_GO_VULN_FAIL": "hihg"}).context.facts

        with pytest.raises(UserError, match="'hihg', which is no severity"):
            detect(facts)

    def test_a_binding_names_the_database_where_the_variable_does_not(self, tmp_path: Path) -> None:
        binding = Binding("db", "go-vulndb", "", {"url": f"{URL}/\n"}, "")
        facts = a_build(tmp_path, bindings=(binding,)).context.facts

        assert read_config(facts).database == URL

    @pytest.mark.parametrize("address", ["/srv/vulndb", "ftp://example.com", "vuln.example.com"])
    def test_an_address_of_another_kind_is_refused(self, tmp_path: Path, address: str) -> None:
        facts = a_build(tmp_path, env={"GOVULNDB": address}).context.facts

        with pytest.raises(UserError, match="GOVULNDB names"):
            read_config(facts)


class TestReport:
    def test_log_label_and_file_tell_the_same(self, tmp_path: Path) -> None:
        made, _ = looked(tmp_path)

        launch = build(made.context)

        assert launch.labels == (Label("io.gobp.vulnerabilities", "3"),)
        report = json.loads((tmp_path / "layers/vulnerabilities/report.json").read_text())
        assert report["database"] == URL
        assert [(each["id"], each["programs"]) for each in report["vulnerabilities"]] == [
            ("GO-2021-0113", ["web"]),
            ("GO-2099-0004", ["web"]),
            ("GO-2099-0005", ["web"]),
        ]
        assert [line.split("  ", 1)[-1].strip() for line in said_rows(made)] == [
            "golang.org/x/text@v0.3.5  fixed in v0.3.7  Reading past the end of a language tag",
            "golang.org/x/text@v0.3.5  fixed in v0.3.8  Made up for tests: fixed, and broken again",
            (
                "golang.org/x/text@v0.3.5  not fixed        "
                "Made up for tests: nobody has fixed it, and its summary is so long..."
            ),
        ]
        assert "    3 known vulnerabilities\n" in made.said.getvalue()

    def test_the_same_database_gives_the_same_bytes(self, tmp_path: Path) -> None:
        reports = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            build(looked(tmp_path / name)[0].context)
            reports.append((tmp_path / name / "layers/vulnerabilities/report.json").read_bytes())

        assert reports[0] == reports[1]

    def test_only_what_may_concern_the_programs_is_fetched(self, tmp_path: Path) -> None:
        made, fetcher = looked(tmp_path)

        build(made.context)

        names = [url.rpartition("/")[2] for url in fetcher.asked]
        assert names == [
            "modules.json",
            *(f"GO-{id_}.json" for id_ in ("2021-0113", "2099-0003", "2099-0004", "2099-0005")),
        ]

    def test_passwords_of_the_database_are_not_shown(self, tmp_path: Path) -> None:
        secret = "https://user:hunter2@vulndb.example.com"
        content = {url.replace(URL, secret): data for url, data in CONTENT.items()}
        made, _ = looked(tmp_path, content, GOVULNDB=secret)

        build(made.context)

        report = (tmp_path / "layers/vulnerabilities/report.json").read_text()
        assert "hunter2" not in made.said.getvalue() + report


class TestLimit:
    def test_a_build_with_worse_than_the_limit_fails(self, tmp_path: Path) -> None:
        made, _ = looked(tmp_path, BP_GO_VULN_FAIL="critical")

        with pytest.raises(UserError, match=r"vulnerabilities: GO-2099-0004\n") as raised:
            build(made.context)

        assert "'go get golang.org/x/text@latest'" in raised.value.remedy

    def test_an_unknown_severity_counts_as_high(self, tmp_path: Path) -> None:
        made, _ = looked(tmp_path, BP_GO_VULN_FAIL="high", BP_GO_VULN_IGNORE="GO-2099-0004")

        with pytest.raises(UserError, match=r"vulnerabilities: GO-2021-0113\n"):
            build(made.context)

    def test_ignored_ones_are_told_and_pass(self, tmp_path: Path) -> None:
        made, _ = looked(
            tmp_path,
            BP_GO_VULN_FAIL="any",
            BP_GO_VULN_IGNORE="cve-2021-38561: GO-2099-0004:GO-2099-0005:GO-0000-0000",
        )

        launch = build(made.context)

        assert launch.labels[0].value == "0"
        said = made.said.getvalue()
        assert "3 known vulnerabilities, 3 of them ignored" in said
        assert "BP_GO_VULN_IGNORE names what is not there: GO-0000-0000" in said


class TestNoDatabase:
    def test_without_a_limit_a_build_goes_on_with_a_warning(self, tmp_path: Path) -> None:
        made, _ = looked(tmp_path, {})

        assert build(made.context) == Launch()
        assert "Warning: nothing is known of vulnerabilities" in made.said.getvalue()

    def test_with_a_limit_it_fails(self, tmp_path: Path) -> None:
        made, _ = looked(tmp_path, {}, BP_GO_VULN_FAIL="critical")

        with pytest.raises(UserError, match="cannot get"):
            build(made.context)

    def test_a_database_with_half_of_its_files_is_none(self, tmp_path: Path) -> None:
        content = {url: data for url, data in CONTENT.items() if "2099" not in url}
        made, _ = looked(tmp_path, content, BP_GO_VULN_FAIL="any")

        with pytest.raises(UserError, match=r"GO-2099-0003\.json"):
            build(made.context)

    def test_an_entry_in_the_file_of_another_is_refused(self, tmp_path: Path) -> None:
        wrong = CONTENT[f"{URL}/ID/GO-2020-0015.json"]
        made, _ = looked(
            tmp_path, {**CONTENT, f"{URL}/ID/GO-2099-0004.json": wrong}, BP_GO_VULN_FAIL="any"
        )

        with pytest.raises(UserError, match="holds the entry GO-2020-0015"):
            build(made.context)


@pytest.mark.parametrize("limit", ["", "any"])
def test_a_program_that_says_nothing_passes_no_limit(tmp_path: Path, limit: str) -> None:
    made, _ = looked(tmp_path, BP_GO_VULN="true", BP_GO_VULN_FAIL=limit)
    (tmp_path / "layers/targets/bin/packed").write_bytes(b"UPX!")

    if not limit:
        build(made.context)
        assert "nothing is known of vulnerabilities: bin/packed" in made.said.getvalue()
        return
    with pytest.raises(UserError, match="bin/packed does not say what it is made of"):
        build(made.context)
