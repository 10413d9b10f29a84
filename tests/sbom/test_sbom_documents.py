import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.cnb.sbom import SbomFormat
from gobp.sbom.bill import Bill
from gobp.sbom.origin import Origin
from gobp.sbom.render import render
from tests.fakes.bills import BILLS, ORIGIN, toolchain, two_programs
from tests.golden_files import Golden

SYFT_SCHEMA = Path(__file__).parents[1] / "schemas/syft-16.0.0.schema.json"
LATER = Origin("1.2.3", epoch=1_700_000_000)

bills = pytest.mark.parametrize("bill", BILLS.values(), ids=BILLS)
origins = pytest.mark.parametrize("origin", [ORIGIN, LATER], ids=["no time", "a time"])


def parsed(bill: Bill, sbom_format: SbomFormat, origin: Origin = ORIGIN) -> Any:
    return json.loads(render(bill, sbom_format, origin))


@pytest.mark.parametrize("sbom_format", SbomFormat, ids=lambda each: each.name.lower())
@bills
def test_a_document_reads_well(bill: Bill, sbom_format: SbomFormat, golden: Golden) -> None:
    name = "programs" if bill.programs else "toolchain"

    golden.check(f"sbom_{name}_{sbom_format.name.lower()}", render(bill, sbom_format, ORIGIN))


@bills
@origins
def test_cyclonedx_is_valid_by_its_published_schema(bill: Bill, origin: Origin) -> None:
    reason = "cyclonedx-python-lib[json-validation] is not installed"
    validation = pytest.importorskip("cyclonedx.validation.json", reason=reason)
    schema = pytest.importorskip("cyclonedx.schema", reason=reason)
    validator = validation.JsonStrictValidator(schema.SchemaVersion.V1_6)

    assert validator.validate_str(render(bill, SbomFormat.CYCLONEDX, origin)) is None


@bills
@origins
@pytest.mark.slow
def test_spdx_is_valid_by_the_tools_of_spdx(bill: Bill, origin: Origin) -> None:
    reason = "spdx-tools is not installed"
    parser = pytest.importorskip(
        "spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser", reason=reason
    )
    validator = pytest.importorskip("spdx_tools.spdx.validation.document_validator", reason=reason)

    read = parser.JsonLikeDictParser().parse(parsed(bill, SbomFormat.SPDX, origin))

    assert validator.validate_full_spdx_document(read) == []


@bills
@origins
def test_syft_is_valid_by_its_published_schema(bill: Bill, origin: Origin) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads(SYFT_SCHEMA.read_text())

    document = parsed(bill, SbomFormat.SYFT, origin)

    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["schema"]["version"] in schema["$id"]


@given(st.integers(0, 2**31), st.sampled_from(SbomFormat))
def test_the_same_bill_has_the_same_bytes(epoch: int, sbom_format: SbomFormat) -> None:
    origin = Origin("1.2.3", epoch)

    assert render(two_programs(), sbom_format, origin) == render(
        two_programs(), sbom_format, origin
    )


def test_times_are_those_of_source_date_epoch_and_else_none_or_1970() -> None:
    assert parsed(toolchain(), SbomFormat.SPDX)["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    assert "timestamp" not in parsed(toolchain(), SbomFormat.CYCLONEDX)["metadata"]
    late = parsed(toolchain(), SbomFormat.CYCLONEDX, LATER)["metadata"]["timestamp"]
    assert late == "2023-11-14T22:13:20Z"
    assert parsed(toolchain(), SbomFormat.SPDX, LATER)["creationInfo"]["created"] == late


def test_documents_that_differ_have_other_names() -> None:
    documents = [
        (parsed(bill, SbomFormat.CYCLONEDX, origin), parsed(bill, SbomFormat.SPDX, origin))
        for bill in BILLS.values()
        for origin in (ORIGIN, LATER)
    ]

    assert len({cyclonedx["serialNumber"] for cyclonedx, _ in documents}) == 4
    assert len({spdx["documentNamespace"] for _, spdx in documents}) == 4


def test_every_format_names_the_same_packages() -> None:
    cyclonedx, spdx, syft = (parsed(two_programs(), each) for each in SbomFormat)

    expected = {component.purl for component in two_programs().components}
    assert {each["purl"] for each in cyclonedx["components"] if "purl" in each} == expected
    references = [ref for package in spdx["packages"] for ref in package.get("externalRefs", [])]
    purls = {ref["referenceLocator"] for ref in references if ref["referenceType"] == "purl"}
    assert purls == expected
    assert {each["purl"] for each in syft["artifacts"]} == expected


def test_every_format_says_which_program_holds_what() -> None:
    cyclonedx, spdx, syft = (parsed(two_programs(), each) for each in SbomFormat)
    toml = "pkg:golang/github.com/BurntSushi/toml@v1.2.0"

    assert sorted(
        each["ref"] for each in cyclonedx["dependencies"] if toml in each["dependsOn"]
    ) == [
        "bin/cli",
        "bin/web",
    ]
    names = {package["SPDXID"]: package["name"] for package in spdx["packages"]}
    holders = [
        names[each["spdxElementId"]]
        for each in spdx["relationships"]
        if names.get(each["relatedSpdxElement"]) == "github.com/BurntSushi/toml"
    ]
    assert sorted(holders) == ["bin/cli", "bin/web"]
    places = [each["locations"][0]["path"] for each in syft["artifacts"] if each["purl"] == toml]
    assert places == ["/bin/cli", "/bin/web"]


def test_names_that_look_alike_have_identifiers_of_their_own() -> None:
    packages = parsed(two_programs(), SbomFormat.SPDX)["packages"]
    artifacts = parsed(two_programs(), SbomFormat.SYFT)["artifacts"]

    assert len({package["SPDXID"] for package in packages}) == len(packages)
    assert len({artifact["id"] for artifact in artifacts}) == len(artifacts)
