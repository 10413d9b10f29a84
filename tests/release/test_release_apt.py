import pytest

from gobp.errors import UserError
from release.apt import Mirror, find_mirror, parse_packages

ONE_LINE = """\
# deb http://commented.example.com/debian trixie main
deb https://packages.example.com/apt cloud main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example.com/debian/ bookworm main
deb http://mirror.example.com/debian-security bookworm-security main
"""
DEB822 = """\
Types: deb
# a comment
URIs: https://other.example.com/apt
  http://mirror.example.com/debian
Suites: bookworm

Types: deb
URIs: http://security.example.com/debian-security
Suites: bookworm-security
"""
STANZAS = """\
Package: libgcc-s1
Source: gcc-14 (14.2.0-19)
Version: 14.2.0-19+b1
Architecture: amd64
Filename: pool/main/g/gcc-14/libgcc-s1_14.2.0-19_amd64.deb
Size: 11
SHA256: {sha}
Description: GCC support library
 Version: not this one

Package: libgcc-s1
Source: gcc-14
Version: 14.2.0-{arm}
Architecture: arm64
Filename: pool/main/g/gcc-14/libgcc-s1_14.2.0-19_arm64.deb
Size: 12
SHA256: {sha}
"""


def shown(arm: str = "19") -> str:
    return STANZAS.format(sha="0" * 64, arm=arm)


def test_the_mirror_is_the_one_of_the_machines_one_line_sources() -> None:
    mirror = find_mirror({}, ["", ONE_LINE])

    assert mirror == Mirror(
        "http://mirror.example.com/debian", "http://mirror.example.com/debian-security"
    )


def test_the_mirror_is_the_one_of_the_machines_deb822_sources() -> None:
    mirror = find_mirror({}, [DEB822])

    assert mirror == Mirror(
        "http://mirror.example.com/debian", "http://security.example.com/debian-security"
    )


def test_the_variable_wins_over_the_machines_sources() -> None:
    env = {"GOBP_DEBIAN_MIRROR": "https://mine.example.com/debian/"}

    mirror = find_mirror(env, [ONE_LINE])

    assert mirror.url("pool/main/x.deb") == "https://mine.example.com/debian/pool/main/x.deb"


def test_security_updates_have_an_archive_of_their_own() -> None:
    mirror = Mirror("https://a.example.com/debian", "https://b.example.com/debian-security")

    url = mirror.url("pool/updates/main/x.deb")

    assert url == "https://b.example.com/debian-security/pool/updates/main/x.deb"


def test_a_machine_without_debian_sources_is_told_the_variable() -> None:
    with pytest.raises(UserError) as caught:
        find_mirror({}, ["deb https://packages.example.com/ubuntu noble main"])

    assert "GOBP_DEBIAN_MIRROR" in caught.value.remedy


def test_a_package_is_read_with_the_source_it_was_built_from() -> None:
    package = parse_packages(shown(), ["libgcc-s1"])["libgcc-s1"]

    assert (package.version, package.source_name) == ("14.2.0-19+b1", "gcc-14")
    assert package.source_version == "14.2.0-19"
    assert package.files["arm64"].size == 12


def test_different_versions_for_the_architectures_are_refused() -> None:
    with pytest.raises(UserError, match="libgcc-s1 is not at the same version"):
        parse_packages(shown(arm="20"), ["libgcc-s1"])


def test_a_package_that_the_archive_lacks_is_named() -> None:
    with pytest.raises(UserError, match="does not have libnone"):
        parse_packages(shown(), ["libgcc-s1", "libnone"])
