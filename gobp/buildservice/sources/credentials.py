"""Who the service is at a git host.

The settings name a file with the password. git is given a helper that prints it, for the one host
that it is for: so it is in no command line, variable or configuration, and a new password is taken
without a restart.
"""

import shlex
from base64 import b64encode
from dataclasses import dataclass, field

from gobp.buildservice.settings.schema import GitHost
from gobp.errors import UserError
from gobp.serving.settings.secret_file import read_secret

_SOMEBODY = "git"  # hosts look at the token only, but want a name too
_HIDDEN = "***"
_PRINT = "printf 'username=%s\\npassword=%s\\n'"  # of the shell itself: no process has its words


@dataclass(frozen=True, slots=True)
class Login:
    """Who to be at a host; no password: nobody."""

    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def authorization(self) -> str:
        """The header of HTTP, "" for nobody."""
        if not self.password:
            return ""
        return f"Basic {self._encoded}"

    def hidden(self, text: str) -> str:
        """Return a text without the password: a host may repeat what it was sent."""
        if not self.password:
            return text
        return text.replace(self._encoded, _HIDDEN).replace(self.password, _HIDDEN)

    @property
    def _encoded(self) -> str:
        return b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


def read_login(host: GitHost) -> Login:
    """Return who to be at a host of the settings.

    Raises UserError where the file of the password cannot be read, or is not one line of text.
    """
    setting = f"password_file of {host.host} in sources.git"
    secret = read_secret(setting, host.password_file)
    if not secret:
        return Login()
    password = secret.decode("utf-8", "replace")
    if not password.isprintable() or "\N{REPLACEMENT CHARACTER}" in password:
        raise UserError(
            f"{setting}: {host.password_file} is not one line of text",
            remedy="write the password or token into it, and nothing else.",
        )
    return Login(host.user or _SOMEBODY, password)


def helper_config(host: GitHost, origin: str) -> list[tuple[str, str]]:
    """Return the configuration by which git logs in at an origin, and nowhere else."""
    config = [("credential.helper", "")]  # forget those of this machine
    if host.password_file:
        user, file = shlex.quote(host.user or _SOMEBODY), shlex.quote(host.password_file)
        trimmed = f"$(tr -d '\\r\\n' < {file})"
        shell = f'!f() {{ test "$1" = get && {_PRINT} {user} "{trimmed}"; }}; f'
        config.append((f"credential.{origin}.helper", shell))
    return config
