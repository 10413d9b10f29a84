"""Bindings of type ``netrc``: key ``netrc`` or ``.netrc``, a file as go and curl read it."""

from collections.abc import Iterable

from gobp.buildpack.credentials.keys import required, unusable
from gobp.buildpack.credentials.logins import Login
from gobp.buildpack.credentials.types import NETRC
from gobp.cnb.bindings import Binding, of_type
from gobp.system import netrc


def read(bindings: Iterable[Binding]) -> tuple[Login, ...]:
    """Return the logins of every binding of the type. Raises UserError."""
    return tuple(login for binding in of_type(bindings, NETRC) for login in _read(binding))


def _read(binding: Binding) -> list[Login]:
    entries = netrc.parse(required(binding, "netrc", ".netrc"))
    if not entries:
        raise unusable(
            binding,
            "netrc",
            "has no machine with a login and a password",
            "write lines such as: machine HOST login USER password PASSWORD",
        )
    named_by = f"the binding {binding.name}"
    return [Login(each.machine, each.login, each.password, named_by) for each in entries]
