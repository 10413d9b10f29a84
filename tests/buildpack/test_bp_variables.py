"""The list of variables and bindings agrees with the code that reads them."""

import re
from pathlib import Path

import pytest

from gobp.buildpack.reporting.variables import BINDINGS, VARIABLES, is_known

SOURCE = Path(__file__).parents[2] / "gobp/buildpack"
_NAME = re.compile(r'"(BPE?_[A-Z_]+|GO[A-Z]{2,}|CGO_ENABLED)"')
# What gobp sets for go or asks it for; none is a setting of gobp's.
_ONLY_SET = frozenset(
    {
        *("GOVERSION", "GOROOT", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE", "GOPATH", "GOOS"),
        *("GOARCH", "GOEXPERIMENT", "GOENV"),
    }
)


def read_in_the_code() -> set[str]:
    files = [
        path for path in SOURCE.rglob("*.py") if path.name not in {"variables.py", "explain.py"}
    ]
    names = {name for path in files for name in _NAME.findall(path.read_text())}
    return names - _ONLY_SET


def test_every_variable_that_the_code_names_is_in_the_list() -> None:
    assert {name for name in read_in_the_code() if not is_known(name)} <= {"GOWORK"}


def test_every_variable_in_the_list_is_read_or_go_s_own() -> None:
    code = "".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "variables.py")
    passed_on = {"GOPRIVATE", "CGO_ENABLED"}

    for variable in VARIABLES:
        assert variable.name in passed_on or variable.name.rstrip("*") in code, variable.name


def test_every_binding_in_the_list_is_read() -> None:
    code = "".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "variables.py")

    for binding_type, _, _ in BINDINGS:
        assert f'"{binding_type}"' in code


@pytest.mark.parametrize("name", ["BP_GO_VERSION", "BPE_APPEND_X", "BP_OCI_TITLE", "GOPROXY"])
def test_a_name_of_the_list_or_of_a_family_is_known(name: str) -> None:
    assert is_known(name)


@pytest.mark.parametrize("name", ["BP_GO_VERSIONS", "BP_GO", "BP_KEEP", "X"])
def test_a_name_with_a_slip_is_not_known(name: str) -> None:
    assert not is_known(name)
