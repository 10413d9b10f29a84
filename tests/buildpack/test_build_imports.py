"""bin/build imports the parts of gobp that a build takes, seen here and not on a clock."""

import subprocess
import sys
from pathlib import Path

import pytest

from gobp.buildpack.builders import BUILDERS

pytestmark = pytest.mark.slow  # each starts an interpreter

ROOT = Path(__file__).parents[2]
# What takes long to import and is left to who uses it.
NETWORK = {"asyncio", "email", "http", "logging", "pytoml", "requests", "ssl", "zstandard"}
WORK = {"bz2", "lzma", "shutil", "subprocess", "tarfile", "tempfile", "zipfile"}
START = "import gobp.buildpack.build_phase"
ASKED = f"{START}; from gobp.buildpack.builders import BUILDERS; BUILDERS[{{!r}}].{{}}"


def imported_by(statements: str) -> set[str]:
    """Return the modules that a process has once it has run statements; as the bundled Python."""
    script = f"import sys; sys.path.insert(0, sys.argv[1]); {statements}; print(*sys.modules)"
    argv = [sys.executable, "-I", "-S", "-c", script, str(ROOT)]
    return set(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split())


def builds(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("gobp.") and name.endswith(".build")}


def test_no_component_is_imported_before_it_is_known_to_take_part() -> None:
    found = imported_by(START)

    assert builds(found) <= {"gobp.cnb.build"}
    assert "gobp.golang.failures.catalogue" not in found
    assert not found & (NETWORK | WORK)


@pytest.mark.parametrize("component", BUILDERS)
def test_a_component_imports_no_other_and_nothing_for_the_network(component: str) -> None:
    found = imported_by(ASKED.format(component, "build"))

    folder = component.replace("-", "_")
    assert builds(found) - {"gobp.cnb.build"} == {f"gobp.buildpack.{folder}.build"}
    assert not found & NETWORK


@pytest.mark.parametrize("component", ["go-dist", "go-mod-vendor", "go-build", "sbom"])
def test_what_only_declares_layers_imports_nothing_to_fill_them(component: str) -> None:
    found = imported_by(ASKED.format(component, "keep"))

    assert not builds(found) - {"gobp.cnb.build"}
    assert not found & (NETWORK | WORK)
    assert not {name for name in found if name.startswith("gobp.sbom")}
