"""The component that takes the app's source out of the image."""

from pathlib import Path

import pytest

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.source_removal.build import build, read_configuration
from gobp.buildpack.source_removal.detect import detect
from gobp.errors import UserError
from tests.fakes.a_build import a_build
from tests.fakes.memory_tree import MemoryTree

APP = {"go.mod": "module a\n", "main.go": "package main\n", "assets/a.css": ""}


def test_only_the_files_to_keep_stay(tmp_path: Path) -> None:
    made = a_build(tmp_path, files=APP, env={"BP_KEEP_FILES": "assets"})

    build(made.context)

    assert [path.name for path in made.context.app_dir.iterdir()] == ["assets"]
    assert "Kept of the app: assets" in made.said.getvalue()


def test_by_default_nothing_of_the_app_stays(tmp_path: Path) -> None:
    made = a_build(tmp_path, files=APP)

    build(made.context)

    assert [*made.context.app_dir.iterdir()] == []
    assert "nothing but its programs" in made.said.getvalue()


def test_a_glob_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(UserError, match="BP_KEEP_FILES"):
        read_configuration(DetectContext(MemoryTree({}), {"BP_KEEP_FILES": "["}))


@pytest.mark.parametrize("env", [{"BP_LIVE_RELOAD_ENABLED": "true"}, {"CNB_EXEC_ENV": "test"}])
def test_the_source_stays_where_the_image_works_on_it(env: dict[str, str]) -> None:
    assert isinstance(detect(DetectContext(MemoryTree({}), env)), Fail)


def test_the_source_goes_from_every_other_image() -> None:
    assert isinstance(detect(DetectContext(MemoryTree({}), {})), Pass)
