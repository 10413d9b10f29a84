"""Who asks, what they may, and how much of it."""

import math
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from gobp.buildservice.access.clients import Clients, counted_as, is_address
from gobp.buildservice.access.credentials import token_in
from gobp.buildservice.access.principal import Principal
from gobp.buildservice.access.quotas import Quota
from gobp.buildservice.access.repositories import Repositories
from gobp.buildservice.settings import schema
from gobp.buildservice.settings.schema import Scope
from gobp.buildservice.state.builds import Builds
from gobp.errors import UserError
from gobp.serving.passwords import parse_token_hash, token_digest

_DAY = 86_400  # seconds
_UNTIL_SOME_ENDED = 30  # seconds, after which it is worth to ask again
_HOW = "send the header 'Authorization: Bearer TOKEN'"


class RefusedError(Exception):
    """Somebody who may not have what was asked for; the text is for them.

    ``status`` is 401 (who asks?), 403 (not for you) or 429 (not so much; ``retry_after`` seconds).
    """

    def __init__(self, status: int, text: str, *, retry_after: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.retry_after = retry_after


class Gate:
    """Knows the tokens, what anybody may, and which repositories are private.

    A repository that is private is seen and built only by tokens whose patterns match it, and by
    admins. A token may also do with the others what anybody may.
    """

    def __init__(self, settings: schema.Access, *, clock: Callable[[], float] = time.time) -> None:
        """Raise UserError for settings that are wrong."""
        self._clock = clock
        self._anonymous = frozenset(settings.anonymous)
        self._private = Repositories.parse(settings.private, source="access.private")
        self._nothing = Repositories.parse("", source="access")
        self._clients = Clients.parse(settings.trusted_proxies)
        self._tokens = _tokens(settings.tokens)
        self._requests = Quota(settings.quota.requests)
        self._builds = Quota(settings.quota.builds)
        self._waiting = settings.quota.waiting

    def identify(self, authorization: str, peer: str, forwarded: str = "") -> Principal:
        """Return who asks, by the headers Authorization and X-Forwarded-For ("" for none).

        ``peer`` is the address of the connection. Raises RefusedError for a token that is not
        known or over, and for who has asked too much.
        """
        address = self._clients.address(peer, forwarded)
        who = self._who(authorization, address)
        name = counted_as(address) if who is None or who.anonymous else who.name
        self._count(self._requests, name, "requests")
        if who is None:
            raise RefusedError(401, f"the token is unknown, or no more valid: {_HOW}")
        return who

    def require(self, who: Principal, scope: Scope) -> None:
        """Raise RefusedError where somebody may not do what ``scope`` says at all."""
        if who.admin or scope in who.scopes or scope in self._anonymous:
            return
        if who.anonymous:
            raise RefusedError(401, f"this needs a token with the scope {scope}: {_HOW}")
        raise RefusedError(403, f"the token {who.name} has not the scope {scope}")

    def may_see(self, who: Principal, repository: str) -> bool:
        """Say whether builds of a repository are for somebody; others are told of no such build."""
        return self._may(who, repository, "read")

    def require_build(self, who: Principal, repository: str) -> None:
        """Raise RefusedError where somebody may not have a repository built."""
        self.require(who, "build")
        if self._may(who, repository, "build"):
            return
        if who.anonymous:
            raise RefusedError(401, f"{repository} needs a token that names it: {_HOW}")
        raise RefusedError(403, f"the token {who.name} is not for {repository}")

    def may_change(self, who: Principal, asker: str, repository: str) -> bool:
        """Say whether somebody may cancel a build that ``asker`` asked for first."""
        own = "build" in who.scopes and who.name == asker
        return who.admin or (own and self.may_see(who, repository))

    def count_builds(self, who: Principal, number: int, builds: Builds) -> None:
        """Count builds that are asked for. Raises RefusedError where they are too many.

        It asks the database: call it in a thread. Raises DatabaseError.
        """
        waiting = sum(builds.waiting_of(who.name))
        if waiting + number > self._waiting:
            raise RefusedError(
                429,
                f"{waiting} builds of yours wait or run, and {self._waiting} may at the same time",
                retry_after=_UNTIL_SOME_ENDED,
            )
        name = counted_as(who.name) if who.anonymous else who.name
        self._count(self._builds, name, "builds", number)

    def is_private(self, repository: str) -> bool:
        """Say whether builds of a repository are not for everybody who can reach the service."""
        return "read" not in self._anonymous or self._private.match(repository)

    def _who(self, authorization: str, address: str) -> Principal | None:
        """Return who asks, None for who has a token that is none."""
        if not authorization:
            return Principal(address, True, self._anonymous, self._nothing)  # noqa: FBT003 # anonymous
        token = token_in(authorization)
        # To look a digest up tells nothing of a token by the time that it takes.
        who = self._tokens.get(token_digest(token)) if token else None
        if who is None or (who.until is not None and self._clock() >= who.until):
            return None
        return who

    def _may(self, who: Principal, repository: str, scope: Scope) -> bool:
        if who.admin:
            return True
        if scope in who.scopes and who.repositories.match(repository):
            return True
        return scope in self._anonymous and not self._private.match(repository)

    def _count(self, quota: Quota, name: str, what: str, number: int = 1) -> None:
        seconds = quota.take(name, self._clock(), number)
        if seconds:
            raise RefusedError(
                429,
                f"too many {what} in a minute: wait {math.ceil(seconds)} s",
                retry_after=math.ceil(seconds),
            )


def shown_name(who: str) -> str:
    """Return how everybody is told who asked: addresses are nobody's business."""
    return "anonymous" if is_address(who) else who


def _tokens(settings: tuple[schema.Token, ...]) -> dict[bytes, Principal]:
    tokens: dict[bytes, Principal] = {}
    names: set[str] = set()
    for token in settings:
        place = f"access.tokens: {token.name}"
        if not token.name.isprintable() or not token.name.strip() or is_address(token.name):
            raise UserError(
                f"access.tokens: {token.name!r} is no name of a token",
                remedy="give it a name for people, which is no address.",
            )
        digest = parse_token_hash(token.token_hash, source=place)
        if token.name in names or digest in tokens:
            raise UserError(
                f"{place}: another token has this name, or is the same",
                remedy="give each its own name and its own token.",
            )
        names.add(token.name)
        tokens[digest] = Principal(
            name=token.name,
            anonymous=False,
            scopes=frozenset(token.scopes),
            repositories=Repositories.parse(token.repositories, source=f"{place}: repositories"),
            priority=token.priority,
            until=_end_of(token.expires) if token.expires else None,
        )
    return tokens


def _end_of(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + _DAY
