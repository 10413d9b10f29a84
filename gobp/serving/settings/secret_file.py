"""Secrets, which settings name the files of."""

from pathlib import Path

from gobp.errors import UserError


def read_secret(setting: str, file: str) -> bytes:
    """Return what is in the file that a setting names, without blanks around it; b"" for no file.

    ``setting`` is the setting's path, such as ``validator.secret_file``. Raises UserError where
    the file cannot be read or is empty.
    """
    if not file:
        return b""
    try:
        secret = Path(file).read_bytes().strip()
    except OSError as error:
        raise UserError(
            f"{setting}: {file} cannot be read: {error.strerror}",
            remedy="name a file that the server may read.",
        ) from None
    if not secret:
        raise UserError(f"{setting}: {file} is empty", remedy="write the secret into it.")
    return secret
