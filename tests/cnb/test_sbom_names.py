import pytest

from gobp.cnb import sbom
from gobp.cnb.sbom import SbomFormat
from gobp.errors import UserError


@pytest.mark.parametrize("sbom_format", SbomFormat)
def test_every_name_is_read_back(sbom_format: SbomFormat) -> None:
    name = sbom.file_name("go.1", sbom_format)

    assert sbom.parse_file_name(name) == ("go.1", sbom_format)
    assert SbomFormat.parse(sbom_format.value) is sbom_format


def test_names_are_the_specifications() -> None:
    names = [sbom.file_name(sbom.LAUNCH, each) for each in SbomFormat]

    assert names == ["launch.sbom.cdx.json", "launch.sbom.spdx.json", "launch.sbom.syft.json"]


@pytest.mark.parametrize("name", ["go.toml", "sbom.cdx.json", ".sbom.cdx.json", "go.cdx.json"])
def test_other_names_are_no_sbom(name: str) -> None:
    assert sbom.parse_file_name(name) is None


def test_parameters_of_a_media_type_are_ignored() -> None:
    parsed = SbomFormat.parse("Application/vnd.CycloneDX+json; version=1.4")

    assert parsed is SbomFormat.CYCLONEDX


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match=r"'text/plain' is no format") as caught:
        SbomFormat.parse("text/plain")

    assert SbomFormat.SPDX.value in caught.value.remedy
