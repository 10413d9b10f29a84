"""The users and tokens of the settings, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.settings.schema import Access, Token, User
from gobp.serving.passwords import PasswordHash, parse_token_hash

_DAY = 86400  # seconds


@dataclass(frozen=True, slots=True)
class Directory:
    """Whom the proxy knows: users by name, tokens by digest, and anybody."""

    anybody: Principal
    users: Mapping[str, tuple[PasswordHash, Principal]]
    tokens: Mapping[bytes, Principal]

    @classmethod
    def read(cls, settings: Access) -> "Directory":
        """Return who is in the settings. Raises UserError, which names the setting."""
        common = ModulePatterns.parse(settings.anonymous, source="access.anonymous")
        if not common and not settings.users and not settings.tokens:
            raise UserError(
                "access: nobody may ask for anything: anonymous is empty, and there are no users",
                remedy="give modules to anonymous, or add users or tokens.",
            )
        names = [user.name for user in settings.users]
        _check_names([*names, *(token.name for token in settings.tokens)])
        users = {}
        for user in settings.users:
            place = f"access.users: {user.name}"
            known = PasswordHash.parse(user.password_hash, source=place)
            users[user.name] = (known, _principal(user, common, place))
        tokens = {}
        for token in settings.tokens:
            place = f"access.tokens: {token.name}"
            digest = parse_token_hash(token.token_hash, source=place)
            tokens[digest] = _principal(token, common, place)
        nothing = ModulePatterns.parse("", source="access")
        return cls(Principal("", nothing, common), users, tokens)


def _check_names(names: list[str]) -> None:
    """Raise UserError for names that a login cannot have, or that two entries have."""
    for name in names:
        if not name or ":" in name or not name.isprintable():
            raise UserError(
                f"access: {name!r} is no name of a user or token",
                remedy="give it a name without colons.",
            )
        if names.count(name) > 1:
            raise UserError(
                f"access: there are two users or tokens with the name {name}",
                remedy="give each its own name, by which the audit log can tell them apart.",
            )


def _principal(entry: User | Token, common: ModulePatterns, place: str) -> Principal:
    return Principal(
        name=entry.name,
        modules=ModulePatterns.parse(entry.modules, source=f"{place}: modules"),
        common=common,
        publishes=entry.publish,
        until=_end_of(entry.expires) if entry.expires else None,
    )


def _end_of(day: date) -> float:
    """Return the end of a day in UTC, in seconds since 1970."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return begin + _DAY
