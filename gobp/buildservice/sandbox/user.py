"""Whom sandboxed commands run as."""

import os
import pwd
from dataclasses import dataclass

from gobp.errors import UserError

_NOBODY = "nobody"
_ROOT = 0


@dataclass(frozen=True, slots=True)
class User:
    """A user and group of this machine, by number."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it is not who this process runs as."""
        return self.uid != os.geteuid()


def find_user(name: str) -> User:
    """Return whom commands run as: who we are, or, as root, ``name`` or nobody. UserError."""
    if os.geteuid() != _ROOT:
        return User(os.geteuid(), os.getegid())
    name = name or _NOBODY
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise UserError(
            f"sandbox.user: there is no user {name!r}",
            remedy=f"make it (useradd --system {name}), or name another.",
        ) from None
    if entry.pw_uid == _ROOT:
        raise UserError(
            f"sandbox.user: {name} is root, whom no sandbox would hold",
            remedy="name a user who has no rights, or leave it empty for nobody.",
        )
    return User(entry.pw_uid, entry.pw_gid)
