from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import RecipeError
from gobp.buildservice.sandbox.sandbox import Ended, Result
from tests.buildservice.recipes.kitchen import REPOSITORY, Kitchen, ordered
from tests.buildservice.recipes.near_sandbox import EndingSandbox, make_files

pytestmark = pytest.mark.slow  # the first one waits for a compile cache


@pytest.mark.parametrize(
    ("ended", "state", "text"),
    [
        (Ended.STOPPED, State.CANCELLED, "the build was stopped"),
        (Ended.OUT_OF_TIME, State.TIMED_OUT, "the build took longer than 300 seconds"),
        (Ended.OUT_OF_MEMORY, State.FAILED, "make wanted more memory than 4294967296 bytes"),
        (Ended.TOO_MUCH_OUTPUT, State.FAILED, "make wanted more output than 1048576 bytes"),
        (Ended.TOO_MUCH_DISK, State.FAILED, "make wanted more disk than 4294967296 bytes"),
    ],
)
def test_a_command_that_a_limit_ended_says_which(
    tmp_path: Path, kitchen: Kitchen, ended: Ended, state: State, text: str
) -> None:
    kitchen.sandbox = EndingSandbox(Result(ended, 137))
    folder = make_files(tmp_path / "source", {"Makefile": "all:\n"})

    with pytest.raises(RecipeError) as caught:
        kitchen.run(folder, ordered(REPOSITORY))

    assert caught.value.state is state
    assert caught.value.text.startswith(text)


def test_a_command_that_is_not_there_is_said_to_be_so(tmp_path: Path, kitchen: Kitchen) -> None:
    kitchen.sandbox = EndingSandbox(Result(Ended.EXITED, 127))
    folder = make_files(tmp_path / "source", {"Makefile": "all:\n"})

    with pytest.raises(RecipeError, match="a command was not found"):
        kitchen.run(folder, ordered(REPOSITORY))
