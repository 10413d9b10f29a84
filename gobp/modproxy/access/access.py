"""Who asks, by the header Authorization, and what they may not have."""

import asyncio
import hashlib
import math
import secrets
import time
from collections.abc import Callable

from gobp.modproxy.access import passwords
from gobp.modproxy.access.attempts import Attempts
from gobp.modproxy.access.credentials import Login, TokenLogin, parse_authorization
from gobp.modproxy.access.directory import Directory
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.kept import Kept
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.settings import schema

_MOST_KNOWN = 4096
_MOST_WAITING = 256
_VERIFIED_SECONDS = 300.0
_REFUSED_SECONDS = 30.0
_CHALLENGE = ("www-authenticate", 'Basic realm="Go modules", charset="UTF-8"')
_WHERE = "go has them from the URL in GOPROXY, from .netrc or from GOAUTH"


class Access:
    """Knows users and tokens. A password that was right is believed for five minutes.

    Comparing a password takes about 50 ms and 16 MiB, so one is compared at a time, in a thread;
    the same header is compared once, whoever sends it, and wrong ones only so often.
    """

    def __init__(self, settings: schema.Access, *, clock: Callable[[], float] = time.time) -> None:
        """Raise UserError for settings that are wrong."""
        self._directory = Directory.read(settings)
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._verified: Kept[bytes, Principal] = Kept(_MOST_KNOWN)
        self._refused: Kept[bytes, Answer] = Kept(_MOST_KNOWN)
        self._running: dict[bytes, asyncio.Task[Principal | Answer]] = {}
        self._turn = asyncio.Semaphore(1)
        self._attempts = Attempts(of_all=(20, 2), of_one=(10, 0.2))
        self._nobody = passwords.PasswordHash.impossible()

    def recall(self, authorization: str | None) -> Principal | None:
        """Return who asks where that is known at once, else None: then ask ``identify``."""
        directory = self._directory
        if authorization is None or not (directory.users or directory.tokens):
            return directory.anybody if directory.anybody.common else None
        return self._verified.get(self._digest(authorization), self._clock())

    async def identify(self, authorization: str | None, client: str = "") -> Principal | Answer:
        """Return who asks, or the answer to somebody who is not let in.

        ``client`` is the address (without port) from which wrong passwords are counted.
        """
        known = self.recall(authorization)
        if known is not None:
            return known
        if authorization is None:
            return _unauthorized(
                "this proxy wants to know who asks: a user and password are needed"
            )
        key = self._digest(authorization)
        refused = self._refused.get(key, self._clock())
        if refused is not None:
            return refused
        match parse_authorization(authorization):
            case TokenLogin() as login:
                return self._settled(key, self._by_token(login))
            case Login() as login:
                return await self._by_password_once(key, login, client)
            case None:
                return _unauthorized("the header Authorization is not understood")

    def refusal(self, principal: Principal, module: str, *, private: bool) -> Answer | None:
        """Return the answer where a module is not for a principal, None where it is.

        That a private module exists is not told (404); of a public one it is told that it is
        not given (403), so that go does not get it elsewhere.
        """
        if principal.may_read(module):
            return None
        if principal.anonymous:
            return _unauthorized(f"{module} is not for everybody: a user and password are needed")
        if private:
            return failure(404, f"not found: {module}")
        return failure(
            403,
            f"{principal.name} may not have {module} from this proxy\n"
            "ask who runs it for a grant of the module",
        )

    async def _by_password_once(self, key: bytes, login: Login, client: str) -> Principal | Answer:
        """Compare a password, or wait for who compares the same; it goes on whoever leaves."""
        task = self._running.get(key)
        if task is None:
            if len(self._running) >= _MOST_WAITING:
                return failure(503, "too many log in at the same time; ask again", retry_after=5)
            task = asyncio.ensure_future(self._by_password(key, login, client))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key))
        return await asyncio.shield(task)

    async def _by_password(self, key: bytes, login: Login, client: str) -> Principal | Answer:
        known, principal = self._directory.users.get(login.user, (self._nobody, None))
        async with self._turn:
            seconds = self._attempts.wait(client, self._clock())
            if seconds:
                return _too_many(seconds)
            right = await asyncio.to_thread(known.matches, login.password)
            if principal is not None and right:
                return self._settled(key, principal)
            self._attempts.failed(client, self._clock())
        return self._settled(key, _unauthorized(f"the user or the password is wrong: {_WHERE}"))

    def _by_token(self, login: TokenLogin) -> Principal | Answer:
        """Return whose token it is; to look its digest up tells nothing of it by the time taken."""
        principal = self._directory.tokens.get(passwords.token_digest(login.token))
        return principal or _unauthorized(f"the token is unknown, or no more valid: {_WHERE}")

    def _settled(self, key: bytes, outcome: Principal | Answer) -> Principal | Answer:
        """Keep an outcome for a while, and return it; a login that has ended is refused."""
        now = self._clock()
        if isinstance(outcome, Principal):
            end = outcome.until if outcome.until is not None else math.inf
            if now < end:
                self._verified.put(key, outcome, min(now + _VERIFIED_SECONDS, end))
                return outcome
            outcome = _unauthorized(f"the login of {outcome.name} has expired: ask for a new one")
        self._refused.put(key, outcome, now + _REFUSED_SECONDS)
        return outcome

    def _digest(self, authorization: str) -> bytes:
        """Return what a header is known by, so that no password stays in the memory."""
        header = authorization.encode("utf-8", "replace")
        return hashlib.blake2b(header, digest_size=16, key=self._key).digest()


def _unauthorized(text: str) -> Answer:
    return failure(401, text, headers=(_CHALLENGE,))


def _too_many(seconds: float) -> Answer:
    return failure(
        429,
        "too many wrong passwords: wait, and correct the user and password\n" + _WHERE,
        retry_after=math.ceil(seconds),
    )
