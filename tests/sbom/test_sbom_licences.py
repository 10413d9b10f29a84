import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.sbom.licences import is_licence_name, licences_in

TEXTS = {path.stem: path.read_text() for path in Path(__file__).with_name("licences").glob("*.txt")}
MIT = TEXTS["MIT"]
BSD = TEXTS["BSD-3-Clause"]
DEBIAN = Path("/usr/share/common-licenses")
LONG = {
    "Apache-2.0": "Apache-2.0",
    "CC0-1.0": "CC0-1.0",
    "GPL-2": "GPL-2.0-only",
    "GPL-3": "GPL-3.0-only",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-3": "LGPL-3.0-only",
    "MPL-2.0": "MPL-2.0",
}
NOT_KNOWN = ("Artistic", "GFDL-1.3", "GPL-1", "LGPL-2", "MPL-1.1")


@pytest.mark.parametrize("identifier", sorted(TEXTS))
def test_a_licence_of_a_real_module_is_known(identifier: str) -> None:
    assert licences_in(TEXTS[identifier]) == (identifier,)


@pytest.mark.skipif(not DEBIAN.is_dir(), reason=f"there are no licence texts in {DEBIAN}")
@pytest.mark.parametrize("name", [*LONG, *NOT_KNOWN])
def test_the_long_licences_are_told_apart(name: str) -> None:
    expected = (LONG[name],) if name in LONG else ()

    assert licences_in((DEBIAN / name).read_text()) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007", "AGPL-3.0-only"),
        ("Boost Software License - Version 1.0 - August 17th, 2003", "BSL-1.0"),
        ("# Blue Oak Model License\n\nVersion 1.0.0", "BlueOak-1.0.0"),
        (
            "Creative Commons Attribution 4.0 International Public License\n\nBy exercising the",
            "CC-BY-4.0",
        ),
        (
            (
                "Creative Commons Attribution-ShareAlike 4.0 International Public\nLicense\n\n"
                "By exercising the"
            ),
            "CC-BY-SA-4.0",
        ),
        ("Eclipse Public License - v 2.0\n\n    THE ACCOMPANYING PROGRAM IS", "EPL-2.0"),
        ("SIL OPEN FONT LICENSE Version 1.1 - 26 February 2007", "OFL-1.1"),
        (
            (
                'Licensed under the Apache License, Version 2.0 (the "License");\nyou may not use '
                "this file except in compliance with the License."
            ),
            "Apache-2.0",
        ),
    ],
)
def test_a_licence_with_a_title_of_its_own_is_known_by_it(title: str, expected: str) -> None:
    assert licences_in(f"{title}\n\n1. Definitions") == (expected,)


def test_a_text_of_several_licences_has_all_of_them() -> None:
    assert licences_in(f"{BSD}\n----\n{MIT}") == ("BSD-3-Clause", "MIT")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Permission is hereby granted", "Permission is hereby not granted"),
        (
            "The above copyright",
            "The Software shall be used for Good, not Evil. The above copyright",
        ),
        (
            "subject to\nthe following conditions",
            "subject to\nmy mood and the following conditions",
        ),
    ],
)
def test_one_condition_more_makes_it_another_licence(old: str, new: str) -> None:
    changed = re.sub(r"\s+".join(old.split()), new, MIT)

    assert changed != MIT
    assert licences_in(changed) == ()


def test_a_licence_without_its_condition_is_another() -> None:
    changed = re.sub(r",\s+subject to.*?(?=THE SOFTWARE IS PROVIDED)", ". ", MIT, flags=re.DOTALL)

    assert licences_in(changed) == ("MIT-0",)


def test_the_licence_of_x11_is_not_mit() -> None:
    assert licences_in(f"{MIT}\nExcept as contained in this notice, the name ...") == ()


def test_advertising_is_a_condition_that_counts() -> None:
    clause = "* All advertising materials must display this acknowledgement.\n   * Neither"

    assert licences_in(BSD.replace("* Neither", clause)) == ()


def test_a_licence_that_is_sold_with_another_condition_is_none() -> None:
    assert licences_in('"Commons Clause" License Condition v1.0\n' + MIT) == ()


@given(st.sampled_from(sorted(TEXTS)), st.integers(20, 200), st.sampled_from("\n \t\r*-"))
def test_how_a_text_is_set_does_not_matter(identifier: str, width: int, mark: str) -> None:
    words = TEXTS[identifier].upper().split()
    lines = [
        f" {mark} ".join(words[start : start + width]) for start in range(0, len(words), width)
    ]

    assert licences_in("\r\n".join(lines)) == (identifier,)


@given(st.text(), st.text())
def test_what_stands_around_a_text_does_not_matter(before: str, after: str) -> None:
    assert "MIT" in licences_in(f"{before}\n{MIT}\n{after}")


@given(st.text())
def test_any_text_can_be_asked_for_its_licence(text: str) -> None:
    assert licences_in(text) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LICENSE", True),
        ("LICENCE.md", True),
        ("License.txt", True),
        ("COPYING", True),
        ("COPYING.LESSER", True),
        ("LICENSE-APACHE", True),
        ("LICENSE_MIT", True),
        ("MIT-LICENSE", True),
        ("GO_LICENSE", True),
        ("UNLICENSE", True),
        ("license.go", False),
        ("license_test.go", False),
        ("licensed", False),
        ("copying_things.go", False),
        ("README.md", False),
    ],
)
def test_licence_files_are_known_by_their_names(name: str, expected: bool) -> None:  # noqa: FBT001 # a table
    assert is_licence_name(name) == expected
