from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import RecipeError
from tests.buildservice.recipes.kitchen import REPOSITORY, Kitchen, ordered
from tests.buildservice.recipes.near_sandbox import NearSandbox, make_files

pytestmark = pytest.mark.slow  # real tools and servers


def test_what_is_the_same_twice_is_given(tmp_path: Path, kitchen: Kitchen) -> None:
    folder = make_files(tmp_path / "source", {"Makefile": "all:\n\techo same > app\n"})

    product = kitchen.run(folder, ordered(REPOSITORY, verify=True))

    assert product.files == ("app",)
    assert kitchen.said[-1] == "both builds gave the same files"


def test_the_second_build_is_elsewhere_and_has_nothing_warm(
    tmp_path: Path, kitchen: Kitchen
) -> None:
    folder = make_files(tmp_path / "source", {"Makefile": "all:\n\techo same > app\n"})

    kitchen.run(folder, ordered(REPOSITORY, verify=True))

    assert isinstance(kitchen.sandbox, NearSandbox)
    first, second = kitchen.sandbox.ran
    assert (first.cwd, second.cwd) == ("/build/src", "/verified/elsewhere/src")
    assert "/warm" in first.read_only.values()
    assert "/warm" not in second.read_only.values()


@pytest.mark.parametrize(
    ("recipe", "named"),
    [
        ("pwd > app; echo 1 > other", "app"),
        ("head -c 9 /dev/urandom > a; head -c 9 /dev/urandom > b", "a, b"),
        ("touch app; case $$PWD in /build/*) chmod +x app;; esac", "app"),
        ("touch app; case $$PWD in /build/*) touch more;; esac", "more"),
    ],
)
def test_what_differs_is_refused_by_name(
    tmp_path: Path, kitchen: Kitchen, recipe: str, named: str
) -> None:
    folder = make_files(tmp_path / "source", {"Makefile": f"all:\n\t@{recipe}\n"})

    with pytest.raises(RecipeError) as caught:
        kitchen.run(folder, ordered(REPOSITORY, verify=True))

    assert caught.value.state is State.FAILED
    assert caught.value.text == f"built twice, and these files were not the same: {named}"
