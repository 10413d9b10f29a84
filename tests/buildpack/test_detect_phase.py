"""bin/detect asks go-build alone; its answer must be that of the whole group."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import DetectContext
from gobp.buildpack.detect_phase import run
from gobp.buildpack.group import NotDetected, resolve_group
from gobp.errors import UserError
from gobp.system.files import DirectoryTree

FILES = {
    "README.md": "nothing",
    "Procfile": "web: ./server\n",
    "go.mod": "module example.com/app\n\ngo 1.25\n",
    "broken/go.mod": "modul example.com/app\n",
    "go.work": "go 1.25\n",
    "main.go": "package main\n",
    "cmd/web/main.go": "package main\n",
    "deep/down/below/main.go": "package main\n",
    "Gopkg.toml": "",
    ".go-version": "1.25.1\n",
}
VARIABLES = {
    "BP_GO_WORKDIR": st.sampled_from(["", "broken", "deep", "absent", "../out"]),
    "BP_GO_TARGETS": st.sampled_from(["", "./cmd/web"]),
    "BP_GO_WORK_USE": st.sampled_from(["", "broken", "absent"]),
    "GOWORK": st.sampled_from(["", "off"]),
    "BP_IMAGE_LABELS": st.sampled_from(["", "a=b", "'"]),
}


def lay_out(app: Path, names: set[str]) -> None:
    for name in names:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(FILES[name])


def detect(app: Path, plan: Path, env: Mapping[str, str]) -> int:
    paths = {
        "CNB_PLATFORM_DIR": str(app),
        "CNB_BUILD_PLAN_PATH": str(plan),
        "CNB_BUILDPACK_DIR": str(app),
    }
    return run({**paths, **env}, [], str(app))


def group_takes(app: Path, env: Mapping[str, str]) -> bool:
    try:
        return not isinstance(resolve_group(DetectContext(DirectoryTree(app), env)), NotDetected)
    except UserError:
        return True  # the build then says what is wrong


@given(
    names=st.sets(st.sampled_from(sorted(FILES))),
    env=st.fixed_dictionaries({}, optional=VARIABLES),
)
def test_detect_answers_as_the_whole_group_would(names: set[str], env: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        app = Path(folder, "app")
        app.mkdir()
        lay_out(app, names)

        status = detect(app, Path(folder, "plan.toml"), env)

        assert status == (0 if group_takes(app, env) else 100)


def test_a_go_app_brings_go_and_asks_for_it(tmp_path: Path) -> None:
    lay_out(tmp_path, {"go.mod"})

    detect(tmp_path, tmp_path / "plan.toml", {})

    assert tomllib.loads((tmp_path / "plan.toml").read_text()) == {
        "provides": [{"name": "go"}],
        "requires": [{"name": "go", "metadata": {"build": True}}],
    }


def test_an_app_without_go_is_told_why_and_gets_no_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path, {"README.md", "deep/down/below/main.go"})

    status = detect(tmp_path, tmp_path / "plan.toml", {})

    assert status == 100
    assert capsys.readouterr().out == "no go.mod, go.work or *.go file was found\n"
    assert not (tmp_path / "plan.toml").exists()
