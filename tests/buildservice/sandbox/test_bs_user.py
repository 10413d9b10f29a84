import os

import pytest

from gobp.buildservice.sandbox.user import User, find_user
from gobp.errors import UserError

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="others run commands as themselves")


@only_root
def test_root_runs_commands_as_nobody() -> None:
    assert find_user("").uid != 0
    assert find_user("").is_other


@only_root
def test_root_may_not_run_commands_as_root() -> None:
    with pytest.raises(UserError, match="is root"):
        find_user("root")


@only_root
def test_a_user_who_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no user 'no-such-user'"):
        find_user("no-such-user")


def test_who_we_are_is_no_other() -> None:
    assert not User(os.geteuid(), os.getegid()).is_other
