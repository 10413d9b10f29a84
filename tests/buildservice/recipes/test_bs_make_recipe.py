from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import Recipe
from gobp.buildservice.recipes.recipe import RecipeError
from tests.buildservice.recipes.kitchen import (
    GO_MOD,
    MODULE,
    PROGRAM,
    REPOSITORY,
    TIME,
    Kitchen,
    ordered,
)
from tests.buildservice.recipes.near_sandbox import make_files

pytestmark = pytest.mark.slow  # real tools and servers


def source(tmp_path: Path, makefile: str, **files: str) -> Path:
    return make_files(tmp_path / "source", {"Makefile": makefile, **files})


def test_a_repository_with_a_makefile_is_made(tmp_path: Path, kitchen: Kitchen) -> None:
    folder = source(
        tmp_path, "all:\n\tgo build -o dist/ .\n", **{"go.mod": GO_MOD, "main.go": PROGRAM}
    )

    product = kitchen.run(folder, ordered(REPOSITORY))

    assert product.files == ("dist/tool",)


def test_artifacts_in_new_folders_and_ignored_ones_are_found(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    makefile = "all:\n\tmkdir -p dist/a\n\techo 1 > dist/a/app\n\techo 2 > 'app with blanks'\n"
    folder = source(tmp_path, makefile, **{".gitignore": "dist\n", "README": "old"})

    product = kitchen.run(folder, ordered(REPOSITORY))

    assert product.files == ("app with blanks", "dist/a/app")


def test_a_make_that_fails_publishes_nothing_though_it_left_a_file(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    folder = source(tmp_path, "all:\n\techo half > app\n\tfalse\n")

    with pytest.raises(RecipeError, match="make ended with exit status 2") as caught:
        kitchen.run(folder, ordered(REPOSITORY))

    assert caught.value.state is State.FAILED


def test_a_make_that_makes_nothing_new_has_failed(tmp_path: Path, kitchen: Kitchen) -> None:
    with pytest.raises(RecipeError, match="make made no new file"):
        kitchen.run(source(tmp_path, "all:\n\techo changed > Makefile\n"), ordered(REPOSITORY))


def test_a_makefile_sees_target_flags_and_the_time_of_the_source(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    names = ("GOOS", "GOARCH", "CGO_ENABLED", "GOFLAGS", "LDFLAGS", "SOURCE_DATE_EPOCH", "TZ")
    lines = "".join(f"\t@echo {name}=$${name} >> seen\n" for name in names)
    order = ordered(REPOSITORY, tags=("a", "b"), ldflags="-s -w")

    product = kitchen.run(source(tmp_path, f"all:\n{lines}"), order)

    assert (product.folder / "seen").read_text().splitlines() == [
        f"GOOS={order.target.goos}",
        f"GOARCH={order.target.goarch}",
        "CGO_ENABLED=0",
        "GOFLAGS=-trimpath -buildvcs=false -modcacherw -tags=a,b",
        "LDFLAGS=-s -w",
        f"SOURCE_DATE_EPOCH={TIME}",
        "TZ=UTC",
    ]


def test_a_makefile_that_edits_the_source_edits_a_copy(tmp_path: Path, kitchen: Kitchen) -> None:
    folder = source(tmp_path, "all:\n\techo edited > README\n\trm main.go\n\techo 1 > app\n")
    make_files(folder, {"README": "as it was", "main.go": PROGRAM})

    product = kitchen.run(folder, ordered(REPOSITORY))

    assert product.files == ("app",)
    assert (folder / "README").read_text() == "as it was"
    assert (folder / "main.go").exists()


def test_a_makefile_cannot_change_the_warm_cache(tmp_path: Path, kitchen: Kitchen) -> None:
    makefile = (
        "all:\n"
        "\tfor f in $$GOCACHE/*/*-d; do (echo poison > $$f) 2>/dev/null && echo written; done;"
        " rm -rf $$GOCACHE; (rm -rf /warm/*) 2>/dev/null; echo 1 > app\n"
    )
    before = sorted((path, path.stat().st_mtime_ns) for path in kitchen.warm.rglob("*-d"))

    product = kitchen.run(source(tmp_path, makefile), ordered(REPOSITORY))

    assert product.files == ("app",)
    assert len(before) > 10
    assert sorted((path, path.stat().st_mtime_ns) for path in kitchen.warm.rglob("*-d")) == before
    assert "written" not in kitchen.said


def test_one_package_of_a_repository_is_built_by_go_though_there_is_a_makefile(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    folder = source(tmp_path, "all:\n\tfalse\n", **{"go.mod": GO_MOD, "cmd/a/main.go": PROGRAM})

    assert kitchen.run(folder, ordered(REPOSITORY, package="./cmd/a")).files == ("a",)


def test_a_module_is_built_by_go_though_there_is_a_makefile(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    folder = source(tmp_path, "all:\n\tfalse\n", **{"go.mod": GO_MOD, "main.go": PROGRAM})

    assert kitchen.run(folder, ordered(MODULE)).files == ("tool",)


def test_make_is_refused_where_it_makes_no_sense(tmp_path: Path, kitchen: Kitchen) -> None:
    without = make_files(tmp_path / "without", {"main.go": PROGRAM})

    with pytest.raises(RecipeError, match="there is no Makefile"):
        kitchen.run(without, ordered(REPOSITORY, recipe=Recipe.MAKE))
    with pytest.raises(RecipeError, match=r"order \./a with the recipe go"):
        kitchen.run(without, ordered(REPOSITORY, recipe=Recipe.MAKE, package="./a"))


def test_a_daemon_that_a_makefile_leaves_is_gone_and_makes_no_artifact(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    makefile = (
        "all:\n\techo 1 > app\n\tsetsid sh -c 'sleep 1; echo late > late' >/dev/null 2>&1 &\n"
    )

    product = kitchen.run(source(tmp_path, makefile), ordered(REPOSITORY))

    assert product.files == ("app",)
