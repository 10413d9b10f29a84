"""bin/detect is timed by what it imports: a module too many is seen here, not on a clock."""

import subprocess
import sys
from pathlib import Path

import pytest

from gobp.buildpack.outer_plan import PLAN
from gobp.cnb import toml
from gobp.cnb.build_plan import BuildPlan, Require

ROOT = Path(__file__).parents[2]
# What bin/main.py imports already, and a Python without -S has at its start.
STANDARD = {"_collections_abc", "_stat", "genericpath", "os", "os.path", "posixpath", "stat"}
ANSWER = {
    "gobp",
    "gobp.buildpack",
    "gobp.buildpack.__main__",
    "gobp.buildpack.app",
    "gobp.buildpack.app.folders",
    "gobp.buildpack.detect_phase",
    "gobp.buildpack.go_build",
    "gobp.buildpack.go_build.go_app",
    "gobp.cnb",
    "gobp.cnb.exit_status",
    "gobp.errors",
    "gobp.system",
    "gobp.system.files",
}
PLANNED = {"gobp.buildpack.outer_plan", "gobp.cnb.inputs"}
# -S: the bundled Python runs so, and site imports whatever this environment has.
SCRIPT = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
from gobp.buildpack.__main__ import main
status = main("detect", ["platform", "plan.toml"])
print(status, *sorted(set(sys.modules) - before))
"""


def modules_of_detect(app: Path) -> tuple[str, set[str]]:
    """Return the status of a detect in a process of its own, and what it imported."""
    argv = [sys.executable, "-I", "-S", "-c", SCRIPT, str(ROOT)]
    done = subprocess.run(argv, cwd=app, env={}, check=True, capture_output=True, text=True)
    status, *modules = done.stdout.splitlines()[-1].split()
    return status, set(modules)


@pytest.mark.parametrize(
    ("file", "status", "modules"),
    [("go.mod", "0", ANSWER | PLANNED), ("README.md", "100", ANSWER)],
)
def test_detect_imports_what_its_answer_needs_and_no_more(
    tmp_path: Path, file: str, status: str, modules: set[str]
) -> None:
    (tmp_path / file).write_text("module example.com/app\n")

    ended, imported = modules_of_detect(tmp_path)

    assert ended == status
    assert {name for name in imported if name.startswith("gobp")} == modules
    assert imported - modules <= STANDARD


def test_the_plan_is_what_a_toml_library_would_write() -> None:
    plan = BuildPlan(provides=("go",), requires=(Require("go", {"build": True}),))

    assert toml.dumps(plan.to_toml()) == PLAN
