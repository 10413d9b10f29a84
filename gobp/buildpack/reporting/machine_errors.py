"""Failures of the machine put into words: disks that are full, folders that are closed."""

import errno
import os

from gobp.errors import UserError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def as_user_error(error: BaseException) -> UserError | None:
    """Return what to tell the user of an error; None for one that is a bug of gobp's."""
    if isinstance(error, UserError):
        return error
    if not isinstance(error, OSError):
        return None
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in _NO_ROOM:
        return UserError(
            f"the disk is full{where}",
            remedy="free space where the build runs, or clear its cache, and build again.",
            code="disk-full",
        )
    if error.errno in _CLOSED:
        return UserError(
            f"permission denied{where}",
            detail=str(error),
            remedy="make the app and the layers directory writable for the user of the build "
            f"(uid {os.getuid()}).",
            code="permission-denied",
        )
    return None
