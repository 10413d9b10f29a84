"""Commands that need the packages of an extra."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules['msgspec'] = None; from gobp.cli.main import main; main()"


@pytest.mark.parametrize("arguments", [["serve", "modules", "--check"], ["modules", "show"]])
def test_a_command_without_its_packages_says_what_to_install(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        "ERROR: the package msgspec is not installed",
        "To fix it: install gobp with its services: pip install 'gobp[services]'.",
    ]
