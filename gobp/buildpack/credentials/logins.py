"""Users and passwords by machine, from every type of binding, and the netrc file they make."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gobp.errors import UserError


@dataclass(frozen=True, slots=True)
class Login:
    """A user at a machine (``host``, ``host:port``, or either with a path) and who names it."""

    machine: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    named_by: str = ""


def merged(logins: Iterable[Login]) -> tuple[Login, ...]:
    """Return the logins, one a machine. Raises UserError where two disagree."""
    by_machine: dict[str, Login] = {}
    for login in logins:
        known = by_machine.setdefault(login.machine, login)
        if (known.username, known.password) != (login.username, login.password):
            raise UserError(
                f"{known.named_by} and {login.named_by} give different credentials for "
                f"{login.machine}",
                remedy=f"keep one of them for {login.machine}.",
            )
    return tuple(by_machine.values())


def netrc_text(logins: Iterable[Login]) -> str:
    """Return the lines of a netrc file. Raises UserError for what such a file cannot hold."""
    return "".join(_line(login) for login in logins)


def fits_netrc(login: Login) -> bool:
    """Tell whether a netrc file can hold a login: its format knows no quotes."""
    texts = (login.machine, login.username, login.password)
    return all(text and not any(c.isspace() or c == "\0" for c in text) for text in texts)


def git_answer(login: Login) -> str:
    """Return what a credential helper of git says for a login.

    Source: git-credential(1), "INPUT/OUTPUT FORMAT".
    """
    return f"username={login.username}\npassword={login.password}\n"


def _line(login: Login) -> str:
    if not fits_netrc(login):
        raise UserError(
            f"{login.named_by} gives a user or password for {login.machine} that is empty or has "
            "white space in it, which go cannot be told",
            remedy="choose a password or token without white space.",
        )
    return f"machine {login.machine} login {login.username} password {login.password}\n"
