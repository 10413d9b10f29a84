import subprocess
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import GitSource, ModuleSource, Recipe
from gobp.buildservice.recipes.go_recipe import module_name
from gobp.buildservice.recipes.recipe import Product, RecipeError
from tests.buildservice.recipes.kitchen import (
    GO_MOD,
    MODULE,
    PROGRAM,
    REPOSITORY,
    Kitchen,
    ordered,
)
from tests.buildservice.recipes.near_sandbox import make_files

pytestmark = pytest.mark.slow  # real tools and servers

LIBRARY = "package lib\n"


def source(tmp_path: Path, **files: str) -> Path:
    return make_files(tmp_path / "source", {"go.mod": GO_MOD, **files})


def output(product: Product, name: str) -> str:
    done = subprocess.run([product.folder / name], capture_output=True, text=True, check=True)
    return done.stderr


def test_a_module_gives_all_its_programs_below_the_root(tmp_path: Path, kitchen: Kitchen) -> None:
    files = {
        "lib/lib.go": LIBRARY,
        "cmd/one/main.go": PROGRAM,
        "cmd/two/v2/main.go": PROGRAM,
        "nested/go.mod": "module example.com/other\n",
        "nested/main.go": PROGRAM,
        "cmd/ignored/main.go": f"//go:build ignore\n\n{PROGRAM}",
        "broken/testdata.go": "package broken\n\nvar x int = missing\n",
    }

    product = kitchen.run(source(tmp_path, **files), ordered())

    assert product.files == ("one", "two")
    assert output(product, "one") == "hello\n"
    assert product.go in kitchen.said[0]


def test_a_package_is_built_alone(tmp_path: Path, kitchen: Kitchen) -> None:
    files = {"main.go": PROGRAM, "cmd/one/main.go": PROGRAM, "cmd/two/main.go": PROGRAM}

    product = kitchen.run(source(tmp_path, **files), ordered(package="./cmd/two"))

    assert product.files == ("two",)


def test_a_program_in_the_root_has_the_name_of_its_module(tmp_path: Path, kitchen: Kitchen) -> None:
    assert kitchen.run(source(tmp_path, **{"main.go": PROGRAM}), ordered()).files == ("tool",)


def test_without_a_makefile_a_repository_gives_the_program_of_its_root_alone_as_cargo_did(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    files = {"main.go": PROGRAM, "cmd/helper/main.go": PROGRAM}

    product = kitchen.run(source(tmp_path, **files), ordered(REPOSITORY))

    assert product.files == ("tool",)


def test_without_a_program_in_the_root_a_repository_gives_those_below(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    product = kitchen.run(source(tmp_path, **{"cmd/a/main.go": PROGRAM}), ordered(REPOSITORY))

    assert product.files == ("a",)


def test_a_source_without_go_mod_gets_one_that_is_named_after_it(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    main = 'package main\n\nimport "git.example/owner/tool/sub"\n\nfunc main() { println(sub.V) }\n'
    files = {"main.go": main, "sub/sub.go": 'package sub\n\nconst V = "below"\n'}
    folder = make_files(tmp_path / "source", files)

    product = kitchen.run(folder, ordered(REPOSITORY))

    assert product.files == ("tool",)
    assert output(product, "tool") == "below\n"
    assert not (folder / "go.mod").exists()


def test_modules_are_named_by_their_path_and_repositories_without_a_port() -> None:
    assert module_name(ModuleSource("example.com/a/v2")) == "example.com/a/v2"
    assert module_name(GitSource("git.example:8443", "a/b/c")) == "git.example/a/b/c"


def test_it_is_said_clearly_that_there_is_no_program(tmp_path: Path, kitchen: Kitchen) -> None:
    with pytest.raises(RecipeError, match=r"there is no program for \S+ in it: no package main"):
        kitchen.run(source(tmp_path, **{"lib.go": LIBRARY}), ordered())


def test_a_package_that_is_no_program_is_answered_with_those_that_are(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    files = {"cmd/one/main.go": PROGRAM, "lib/lib.go": LIBRARY, "main.go": PROGRAM}

    with pytest.raises(RecipeError) as caught:
        kitchen.run(source(tmp_path, **files), ordered(package="./lib"))

    assert caught.value.state is State.FAILED
    assert caught.value.text.endswith("in ./lib; programs are in ., ./cmd/one")


def test_two_programs_of_one_name_are_not_mixed_up(tmp_path: Path, kitchen: Kitchen) -> None:
    files = {"a/tool/main.go": PROGRAM, "b/tool/main.go": PROGRAM}

    with pytest.raises(RecipeError, match="2 programs have 1 names"):
        kitchen.run(source(tmp_path, **files), ordered())


def test_what_the_compiler_says_is_in_the_log_and_the_build_has_failed(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    folder = source(tmp_path, **{"main.go": "package main\n\nfunc main() { missing() }\n"})

    with pytest.raises(RecipeError, match="go build ended with exit status 1") as caught:
        kitchen.run(folder, ordered())

    assert caught.value.state is State.FAILED
    assert any("undefined: missing" in line for line in kitchen.said)


def test_tags_and_linker_flags_of_the_order_reach_the_program(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    files = {
        "main.go": 'package main\n\nvar v = "none"\n\nfunc main() { println(v, extra) }\n',
        "a.go": '//go:build !more\n\npackage main\n\nconst extra = "less"\n',
        "b.go": '//go:build more\n\npackage main\n\nconst extra = "more"\n',
    }
    order = ordered(tags=("more", "other"), ldflags="-s -X 'main.v=a value'")

    product = kitchen.run(source(tmp_path, **files), order)

    assert output(product, "tool") == "a value more\n"


def test_a_program_has_no_path_and_no_build_id_of_the_place_where_it_was_built(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    product = kitchen.run(source(tmp_path, **{"main.go": PROGRAM}), ordered())

    content = (product.folder / "tool").read_bytes()
    assert b"/build/src" not in content
    told = subprocess.run(
        ["go", "tool", "buildid", product.folder / "tool"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "\n"


def test_a_vendor_folder_of_a_repository_is_used_and_that_of_a_modules_zip_is_not(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    required = f"{GO_MOD}\nrequire example.com/dep v1.0.0\n"
    main = 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.V) }\n'
    listed = "# example.com/dep v1.0.0\n## explicit\nexample.com/dep\n"
    files = {
        "main.go": main,
        "go.mod": required,
        "vendor/modules.txt": listed,
        "vendor/example.com/dep/dep.go": 'package dep\n\nconst V = "vendored"\n',
    }
    folder = source(tmp_path, **files)

    product = kitchen.run(folder, ordered(REPOSITORY))
    with pytest.raises(RecipeError):
        kitchen.run(folder, ordered(MODULE, recipe=Recipe.GO))

    assert output(product, "tool") == "vendored\n"


def test_programs_larger_than_an_archive_may_be_are_refused(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    kitchen.limit = 1000

    with pytest.raises(RecipeError, match=r"an archive may have 1000"):
        kitchen.run(source(tmp_path, **{"main.go": PROGRAM}), ordered())


def test_nothing_but_the_product_is_left_of_a_build(tmp_path: Path, kitchen: Kitchen) -> None:
    order = ordered()
    work = kitchen.work(source(tmp_path, **{"main.go": PROGRAM}), order)

    product = kitchen.recipes().run(work)

    assert list(work.folder.iterdir()) == [product.folder]
    assert [path.name for path in product.folder.iterdir()] == ["tool"]
