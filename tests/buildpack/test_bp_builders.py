"""Builders name the functions of their components; each name has to be right."""

import inspect

import pytest

from gobp.buildpack.builders import BUILDERS, Builder
from gobp.buildpack.component import DetectContext
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree

every_builder = pytest.mark.parametrize("builder", BUILDERS.values(), ids=list(BUILDERS))


@every_builder
def test_what_builds_and_what_keeps_takes_the_context_of_a_build(builder: Builder) -> None:
    for function in filter(None, (builder.build, builder.keep)):
        assert list(inspect.signature(function).parameters) == ["context"]


@every_builder
def test_a_check_reads_the_configuration_of_an_app_without_any(builder: Builder) -> None:
    files = {"go.mod": "module a\n", "main.go": "package main\n"}

    builder.check(DetectContext(MemoryTree(files), {}))


def test_a_check_tells_a_mistake() -> None:
    with pytest.raises(UserError):
        BUILDERS["go-generate"].check(DetectContext(MemoryTree({}), {"BP_GO_GENERATE_ARGS": "'"}))


def test_what_keeps_is_found_by_its_name() -> None:
    builder = Builder("Git", "git.build:build", keep_name="git.build:build")

    assert builder.keep is builder.build
