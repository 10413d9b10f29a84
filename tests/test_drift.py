"""What users read, what the files at the root declare and what the code does are the same."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gobp.buildpack.builders import BUILDERS
from gobp.buildpack.detectors import DETECTORS
from gobp.buildpack.go_dist.candidates import PRIORITIES
from gobp.buildpack.reporting.parts import LAYERS, PARTS
from gobp.buildpack.reporting.variables import VARIABLES, is_known
from gobp.cnb.sbom import SbomFormat
from release import reference, settings_pages
from release.settings_pages import SettingsPage

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md")))
CODE = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted(ROOT.glob("gobp/**/*.py"))
    if path != ROOT / "gobp/buildpack/reporting/variables.py"
}
VARIABLE = re.compile(r"\bBPE?_[A-Z][A-Z0-9_]*")
FENCED = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def document(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def targets(name: str) -> set[str]:
    return {f"{each['os']}/{each['arch']}" for each in document(name)["targets"]}


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def commands() -> list[str]:
    """The lines of README's blocks, without comments."""
    lines = [line for block in FENCED.findall(README) for line in block.splitlines()]
    return [line.partition("#")[0].strip() for line in lines]


def test_the_tables_in_the_readme_are_those_of_the_code() -> None:
    assert reference.with_tables(README) == README, "run python -m release.reference"


def test_the_page_of_variables_is_that_of_the_code() -> None:
    assert reference.PAGE.read_text() == reference.page(), "run python -m release.reference"


def test_the_reference_lists_the_components_in_their_order() -> None:
    assert [part.name for part in PARTS] == [each.component for each in DETECTORS]
    optional = {each.component for each in DETECTORS if each.optional}
    assert set(BUILDERS) - optional == {"go-dist", "go-build"}  # as the page says of BP_GO_SKIP


def test_the_reference_lists_every_layer() -> None:
    named = re.compile(r'^\w*LAYER = "([a-z-]+)"', re.MULTILINE)

    in_code = {name for text in CODE.values() for name in named.findall(text)}

    assert {layer.name for layer in LAYERS} == in_code


def test_the_reference_lists_every_label_of_the_code() -> None:
    named = re.compile(r'"((?:org\.opencontainers\.image|io\.gobp|io\.paketo)\.[a-z.]+[a-z])"')
    code = {name for where, text in CODE.items() for name in named.findall(text)}

    assert "io.gobp.vulnerabilities" in code
    assert not [label for label in code if f"`{label}`" not in reference.page()]


@pytest.mark.parametrize("page", settings_pages.PAGES, ids=lambda page: page.stem)
def test_the_pages_of_settings_are_those_of_the_types(page: SettingsPage) -> None:
    assert (page.page.read_text(), page.json_schema.read_text()) == (page.text(), page.json_text())


@pytest.mark.parametrize("page", settings_pages.PAGES, ids=lambda page: page.stem)
def test_every_setting_of_a_server_is_explained(page: SettingsPage) -> None:
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", page.text(), re.MULTILINE)

    assert not [name for name, meaning in rows if not meaning.strip()]


def test_a_readme_without_marks_is_not_written_over() -> None:
    with pytest.raises(ValueError, match="README"):
        reference.with_tables("# gobp\n")


@pytest.mark.parametrize("source", ["code", "pages"])
def test_every_variable_that_is_named_is_one_that_a_build_reads(source: str) -> None:
    texts = CODE if source == "code" else {path.name: path.read_text() for path in PAGES}

    named = {(name, where) for where, text in texts.items() for name in VARIABLE.findall(text)}

    assert named
    assert not [(name, where) for name, where in sorted(named) if not is_known(name)]


@pytest.mark.parametrize("name", [each.name for each in VARIABLES])
def test_every_variable_that_is_listed_is_read_by_the_code(name: str) -> None:
    exact = re.compile(re.escape(name.removesuffix("*")) + ("" if name.endswith("*") else r"\b"))

    assert [where for where, text in CODE.items() if exact.search(text)]


def test_the_readme_lists_the_sources_of_the_go_version_in_their_order() -> None:
    rows = re.findall(r"^\| (\d) \| `([^`]+)` \|", section("Which Go"), re.MULTILINE)

    assert rows == [(str(number), name) for number, name in enumerate(PRIORITIES, start=1)]


def test_the_package_is_for_the_targets_of_the_buildpack_and_the_docs_name_them() -> None:
    declared = targets("buildpack.toml")

    assert targets("package.toml") == declared
    for page in ("README.md", "docs/buildpack.md"):
        assert set(re.findall(r"linux/\w+", (ROOT / page).read_text())) == declared, page


def test_the_docs_name_id_and_api_of_the_buildpack() -> None:
    declared = document("buildpack.toml")

    for page in ("README.md", "CHANGELOG.md", "docs/buildpack.md"):
        text = (ROOT / page).read_text()
        assert f"`{declared['buildpack']['id']}`" in text, page
        assert re.findall(r"Buildpack API (\S+\d)", text) == [declared["api"]], page


def test_the_buildpack_declares_the_sbom_formats_that_there_are() -> None:
    declared = document("buildpack.toml")["buildpack"]["sbom-formats"]

    assert sorted(declared) == sorted(each.value for each in SbomFormat)


def test_buildpack_and_python_package_have_one_version() -> None:
    version = document("pyproject.toml")["project"]["version"]

    assert document("buildpack.toml")["buildpack"]["version"] == version


def test_the_oldest_python_that_the_readme_asks_for_is_the_projects() -> None:
    asked = re.findall(r"Python (3\.\d+) or later", README)

    assert {f">={version}" for version in asked} == {
        document("pyproject.toml")["project"]["requires-python"]
    }


def test_every_make_target_in_the_readme_exists_and_each_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    declared = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z-]+)(?=`|\s+#|$)", README, re.MULTILINE)) == declared


def test_the_readme_gives_pack_a_path_in_every_command() -> None:
    packs = [command for command in commands() if command.startswith("pack build")]

    assert len(packs) > 1
    assert not [command for command in packs if " --path " not in command]


def test_the_readme_knows_every_sample() -> None:
    samples = {path.name for path in (ROOT / "samples").iterdir() if path.is_dir()}

    assert set(re.findall(r"\]\(samples/([^/)]+)/README\.md\)", README)) == samples


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    for link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve()
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def anchors(text: str) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_no_two_decisions_have_the_same_number() -> None:
    names = [path.name for path in (ROOT / "docs/decisions").iterdir()]
    numbers = [match[1] for name in names if (match := re.fullmatch(r"(\d{4})-[\w.-]+\.md", name))]

    assert len(set(numbers)) == len(names)


def test_the_changelog_has_a_place_for_what_is_not_released_and_for_each_release() -> None:
    titles = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert titles[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", title) for title in titles[1:])
