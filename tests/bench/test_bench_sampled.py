"""Where a build's time goes is decided by the modules on its stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.sampled import kind_of
from integration.lab import ROOT

START = ["gobp.buildpack.build_phase", "gobp.buildpack.__main__", "__main__"]


@pytest.mark.parametrize(
    ("innermost_first", "kind"),
    [
        (["selectors", "gobp.system.process", "gobp.buildpack.go.command"], "commands"),
        (["ssl", "gobp.system.fetch", "gobp.buildpack.go_dist.install"], "download"),
        (["threading", "gobp.system.archive", "gobp.buildpack.go_dist.install"], "archives"),
        (["tarfile", "gobp.system.packed", "gobp.buildpack.go.packed_cache"], "archives"),
        (["gobp.system.archive", "gobp.system.fetch"], "download"),
        (["json", "gobp.sbom.spdx", "gobp.buildpack.sbom.build"], "own: sbom"),
        (["gobp.buildpack.layers"], "own: start and end"),
        (["os"], "own: start and end"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_the_outermost_module_that_waits_decides(innermost_first: list[str], kind: str) -> None:
    assert kind_of([*innermost_first, *START]) == kind


def test_a_program_ends_as_it_would_and_its_time_is_written(tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text("import sys, time\ntime.sleep(0.05)\nsys.exit(3)\n")
    out = tmp_path / "spent.json"

    done = subprocess.run([sys.executable, ROOT / "bench/sampled.py", out, program], check=False)

    assert done.returncode == 3
    assert json.loads(out.read_text())["own: start and end"] > 0.03
