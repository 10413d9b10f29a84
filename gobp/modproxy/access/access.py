"""Who asks, by the header Authorization, and what they may not have."""

import asyncio
import hashlib
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from gobp.modproxy.access.audit import AuditLog, Event
from gobp.modproxy.access.credentials import Login, TokenLogin, parse_authorization
from gobp.modproxy.access.directory import Directory
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.kept import Kept
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.settings import schema
from gobp.serving import passwords
from gobp.serving.attempts import Attempts

_MOST_KNOWN = 4096
_MOST_WAITING = 256
_VERIFIED_SECONDS = 300.0
_REFUSED_SECONDS = 30.0
_CHALLENGE = ("www-authenticate", 'Basic realm="Go modules", charset="UTF-8"')
_WHERE = "go has them from the URL in GOPROXY, from .netrc or from GOAUTH"


@dataclass(frozen=True, slots=True)
class _Try:
    """A try to log in: what its header is known by, the client's address, the request's id."""

    key: bytes
    client: str
    request: str


class Access:
    """Knows users and tokens. A password that was right is believed for five minutes.

    Comparing a password takes about 50 ms and 16 MiB, so one is compared at a time, in a thread;
    the same header is compared once, whoever sends it, and wrong ones only so often.
    """

    def __init__(
        self,
        settings: schema.Access,
        *,
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raise UserError for settings that are wrong."""
        self._audit = audit
        self._directory = Directory.read(settings)
        self._clock = clock
        self._keyed = hashlib.blake2b(digest_size=16, key=secrets.token_bytes(32))
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

    async def identify(
        self, authorization: str | None, client: str = "", request: str = ""
    ) -> Principal | Answer:
        """Return who asks, or the answer to somebody who is not let in.

        ``client`` is the address (without port) from which wrong passwords are counted,
        ``request`` the request's id for the audit log.
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
                return self._by_token(_Try(key, client, request), login)
            case Login() as login:
                return await self._by_password_once(_Try(key, client, request), login)
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

    async def _by_password_once(self, this: _Try, login: Login) -> Principal | Answer:
        """Compare a password, or wait for who compares the same; it goes on whoever leaves."""
        task = self._running.get(this.key)
        if task is None:
            if len(self._running) >= _MOST_WAITING:
                return failure(503, "too many log in at the same time; ask again", retry_after=5)
            task = asyncio.ensure_future(self._by_password(this, login))
            self._running[this.key] = task
            task.add_done_callback(lambda _: self._running.pop(this.key))
        return await asyncio.shield(task)

    async def _by_password(self, this: _Try, login: Login) -> Principal | Answer:
        known, principal = self._directory.users.get(login.user, (self._nobody, None))
        async with self._turn:
            seconds = self._attempts.wait(this.client, self._clock())
            if seconds:
                self._record(this, principal, "too many wrong passwords")
                return _too_many(seconds)
            right = await asyncio.to_thread(known.matches, login.password)
            if principal is not None and right:
                return self._let_in(this, principal)
            self._attempts.failed(this.client, self._clock())
        self._record(this, principal, "wrong password" if principal else "unknown user")
        return self._keep_out(this, f"the user or the password is wrong: {_WHERE}")

    def _by_token(self, this: _Try, login: TokenLogin) -> Principal | Answer:
        """Return whose token it is; to look its digest up tells nothing of it by the time taken."""
        principal = self._directory.tokens.get(passwords.token_digest(login.token))
        if principal is not None:
            return self._let_in(this, principal)
        self._record(this, None, "unknown token")
        return self._keep_out(this, f"the token is unknown, or no more valid: {_WHERE}")

    def _let_in(self, this: _Try, principal: Principal) -> Principal | Answer:
        """Return the principal, and believe it for a while; but not one that has ended."""
        now = self._clock()
        end = principal.until if principal.until is not None else math.inf
        if now < end:
            self._verified.put(this.key, principal, min(now + _VERIFIED_SECONDS, end))
            return principal
        self._record(this, principal, "expired")
        return self._keep_out(this, f"the login of {principal.name} has expired: ask for a new one")

    def _keep_out(self, this: _Try, text: str) -> Answer:
        answer = _unauthorized(text)
        self._refused.put(this.key, answer, self._clock() + _REFUSED_SECONDS)
        return answer

    def _record(self, this: _Try, principal: Principal | None, reason: str) -> None:
        """Record a refusal; of a name that nobody has nothing: it may be a password."""
        if self._audit is not None:
            self._audit.record(
                Event.LOGIN_REFUSED,
                who=principal.name if principal else "",
                client=this.client,
                request=this.request,
                reason=reason,
            )

    def _digest(self, authorization: str) -> bytes:
        """Return what a header is known by, so that no password stays in the memory."""
        header = authorization.encode("utf-8", "replace")
        digest = self._keyed.copy()  # a third of the time that a new one takes, for each request
        digest.update(header)
        return digest.digest()


def _unauthorized(text: str) -> Answer:
    return failure(401, text, headers=(_CHALLENGE,))


def _too_many(seconds: float) -> Answer:
    return failure(
        429,
        "too many wrong passwords: wait, and correct the user and password\n" + _WHERE,
        retry_after=math.ceil(seconds),
    )
