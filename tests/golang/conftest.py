"""The real Go, as the judge of what gobp.golang says."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from hypothesis import settings

DATA = Path(__file__).parent / "data"
# For properties that ask another process, which is slow now and then.
unhurried = settings(deadline=None)

_X_MOD = "golang.org/x/mod"


@dataclass(frozen=True)
class Go:
    """The go command, kept from switching to another toolchain."""

    program: str

    def run(self, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": ""} | variables
        return subprocess.run(
            [self.program, *arguments],
            cwd=cwd,
            env=env,
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )

    def env(self, name: str, cwd: Path) -> str:
        return self.run("env", name, cwd=cwd).stdout.strip()


@dataclass(frozen=True)
class Oracle:
    """data/oracle, compiled and running: golang.org/x/mod as it is within the go command."""

    questions: IO[str]
    answers: IO[str]

    def ask(self, operation: str, *arguments: str) -> list[object]:
        self.questions.write(json.dumps([operation, *arguments]) + "\n")
        self.questions.flush()
        answer: list[object] = json.loads(self.answers.readline())
        return answer


@pytest.fixture(scope="session")
def go() -> Go:
    program = shutil.which("go")
    if program is None:
        pytest.skip("go is not on PATH")
    return Go(program)


@pytest.fixture(scope="session")
def oracle(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    program = _build_oracle(go, tmp_path_factory.mktemp("oracle"))
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Oracle(process.stdin, process.stdout)


def _build_oracle(go: Go, app: Path) -> Path:
    """Compile the oracle against the golang.org/x/mod that Go's own source has vendored."""
    vendored = Path(go.env("GOROOT", app)) / "src/cmd/vendor" / _X_MOD
    if not vendored.is_dir():
        pytest.skip(f"this Go comes without the source of {_X_MOD}")
    shutil.copytree(vendored, app / "vendor" / _X_MOD)
    packages = "".join(f"{_X_MOD}/{name}\n" for name in ("internal/lazyregexp", "module", "semver"))
    listing = f"# {_X_MOD} v0.1.0\n## explicit; go 1.21\n{packages}"
    (app / "vendor/modules.txt").write_text(listing)
    go_mod = f"module example.com/oracle\n\ngo 1.21\n\nrequire {_X_MOD} v0.1.0\n"
    (app / "go.mod").write_text(go_mod)
    shutil.copy(DATA / "oracle/main.go", app)
    built = go.run("build", "-o", "oracle", ".", cwd=app)
    assert built.returncode == 0, built.stderr
    return app / "oracle"
