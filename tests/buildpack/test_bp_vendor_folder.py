"""A vendor folder that go did not fill: it is neither deleted nor taken for modules."""

import pytest

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_mod_vendor.commands import fetch_argv
from tests.fakes.memory_tree import MemoryTree

MODULE = {"go.mod": "module example.com/a\n", "main.go": "package main\n"}


@pytest.mark.parametrize(
    ("more", "argv"),
    [
        ({}, ("go", "mod", "vendor")),
        ({"go.work": "use .\n"}, ("go", "work", "vendor")),
        ({"vendor/jquery.js": ""}, ("go", "mod", "download")),
    ],
)
def test_modules_are_vendored_unless_that_would_delete_files(
    more: dict[str, str], argv: tuple[str, ...]
) -> None:
    assert fetch_argv(read_layout(MemoryTree({**MODULE, **more}), {})) == argv


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"vendor/modules.txt": ""}, "-mod=vendor"),
        ({"vendor/jquery.js": ""}, "-mod=readonly"),
    ],
)
def test_go_reads_the_folder_only_where_it_filled_it(more: dict[str, str], flag: str) -> None:
    config = read_config(DetectContext(MemoryTree({**MODULE, **more}), {}))

    assert config.flags[0] == flag
