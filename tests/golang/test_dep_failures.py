"""What dep 0.5.4 and git say, word for word, and the answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.dep_failures import FAILURES, explain

GREET = "https://github.com/owner/greet"
LISTING = f"\t(1) failed to list versions for {GREET}: fatal: "
DEDUCE = 'unable to deduce repository and source type for "go.example.com/greet": unable to read'
SAID = {
    "\t(2) git is not installed: ": "the build image has no git, with which",
    "error while parsing /layers/.gopath/src/workspace/Gopkg.toml: manifest validation failed: "
    "unable to load TomlTree from string: (4, 3): unexpected token": "Gopkg.toml cannot be read: ",
    "Solving failure: No versions of github.com/owner/greet met constraints:": "no version of "
    "github.com/owner/greet fits",
    "grouped write of manifest, lock and vendor: error while writing out vendor tree: failed to "
    "write dep tree: failed to export github.com/owner/greet: fatal: failed to unpack tree object "
    "01234": "the repository of github.com/owner/greet has no revision 01234",
    f"{LISTING}could not read Username for 'https://github.com': terminal prompts disabled": (
        f"the repository {GREET} is not given to this build: could not read Username"
    ),
    f"{LISTING}unable to access '{GREET}/': The requested URL returned error: 403": (
        f"the repository {GREET} is not given to this build: error: 403"
    ),
    f"{LISTING}unable to access '{GREET}/': server certificate verification failed. CAfile: none "
    "CRLfile: none": f"the certificate of {GREET} is not trusted: verification failed.",
    f"{LISTING}'/srv/greet' does not appear to be a git repository": (
        f"there is no repository at {GREET}"
    ),
    f"{LISTING}unable to access '{GREET}/': Could not resolve host: github.com": (
        f"the repository {GREET} cannot be reached: Could not resolve host: github.com"
    ),
    f"{LISTING}unable to access '{GREET}/': Failed to connect to proxy.example.com port 80": (
        f"the repository {GREET} cannot be reached: unable to access"
    ),
    f"{DEDUCE} metadata: unable to fetch raw metadata: failed HTTP request to URL "
    '"http://go.example.com/greet?go-get=1": dial tcp: lookup go.example.com': (
        "the host of go.example.com/greet cannot be asked"
    ),
    f"{DEDUCE} metadata: go-import metadata not found": "the import path go.example.com/greet",
    "no dirs contained any Go code": "there is no Go code beside Gopkg.toml",
    "write /layers/depcachedir/x: no space left on device": "the disk of the build is full",
}


@pytest.mark.parametrize("line", SAID)
def test_what_dep_says_is_answered(line: str) -> None:
    error = explain(1, ["Warning: something else", line, "and more"])

    assert error.summary.startswith(SAID[line])
    assert error.detail == f"dep ensure: {line.strip()}"
    assert error.remedy


def test_every_failure_that_is_known_has_a_line_here() -> None:
    assert not [each for each in FAILURES if not any(each.pattern.search(line) for line in SAID)]


def test_the_cause_is_told_when_its_consequences_are_there_too() -> None:
    lines = [
        f"{LISTING}'/srv/greet' does not appear to be a git repository",
        (
            "\t(2) failed to list versions for ssh://git@github.com/owner/greet: ssh: Could not "
            "resolve hostname github.com: Temporary failure in name resolution"
        ),
    ]

    assert explain(1, lines).summary == f"there is no repository at {GREET}"


def test_credentials_in_an_address_are_not_repeated() -> None:
    line = (
        "(1) failed to list versions for https://me:secret@git.example.com/a: fatal: unable to "
        "access 'https://me:secret@git.example.com/a/': Could not resolve host: git.example.com"
    )

    assert "secret" not in str(explain(1, [line]))


@given(st.integers(min_value=1), st.lists(st.text()))
def test_anything_else_is_an_error_as_well(status: int, lines: list[str]) -> None:
    error = explain(status, lines)

    assert error.summary
    assert error.remedy
