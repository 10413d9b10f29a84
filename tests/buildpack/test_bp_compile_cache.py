"""The compile cache that components share: opened once, swept once."""

import os
from pathlib import Path

from gobp.buildpack.go.compile_cache import keep_compile_cache, open_compile_cache
from tests.fakes.a_build import a_build


def entry(root: Path, name: str) -> Path:
    path = root / "layers/gocache" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name)
    return path


def test_what_any_component_used_is_kept(tmp_path: Path) -> None:
    first = a_build(tmp_path).context
    entry(tmp_path, "00-tested")
    entry(tmp_path, "01-built")
    entry(tmp_path, "02-unused")
    keep_compile_cache(first)
    context = a_build(tmp_path).context

    cache = open_compile_cache(context)
    os.utime(f"{cache}/00/00-tested")
    assert open_compile_cache(context) == cache  # go-build, after go-check
    os.utime(f"{cache}/01/01-built")
    keep_compile_cache(context)

    assert sorted(path.name for path in Path(cache).glob("??/*")) == ["00-tested", "01-built"]


def test_later_components_find_it_in_the_session_until_it_is_kept(tmp_path: Path) -> None:
    context = a_build(tmp_path).context

    cache = open_compile_cache(context)

    assert context.session.env["GOCACHE"] == cache
    keep_compile_cache(context)
    assert context.session.env["GOCACHE"] == ""


def test_programs_that_go_keeps_in_folders_go_when_they_are_not_used(tmp_path: Path) -> None:
    context = a_build(tmp_path).context
    program = entry(tmp_path, "00-d")
    program.unlink()
    program.mkdir()
    (program / "stringer").touch()
    keep_compile_cache(context)

    open_compile_cache(a_build(tmp_path).context)
    keep_compile_cache(context)

    assert not program.exists()
