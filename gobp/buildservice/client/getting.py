"""Get a program: have it built, follow its log, download it, check its sum, put it in its place."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gobp.buildservice.client.screen import Screen
from gobp.buildservice.client.server import GoneError, Offer, Server, sha256_of
from gobp.buildservice.client.unpacking import unpack_programs
from gobp.buildservice.client.wanted import Wanted
from gobp.errors import UserError

_Answer = TypeVar("_Answer")
_ATTEMPTS = 30
_PAUSE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Getting:
    """Gets programs from a server; ``pause`` is waited before something is tried again."""

    server: Server
    screen: Screen
    pause: float = _PAUSE

    def get(self, wanted: Wanted, output: Path, *, archive: bool) -> list[Path]:
        """Return the programs, or the archive of them, now below ``output``. Raises UserError."""
        offer = self._obtained(wanted)
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gobp-get-", dir=output) as work:
            file = Path(work) / "archive"
            self._download(offer, file)
            if not archive:
                return unpack_programs(file, output)
            target = output / Path(offer.name).name
            return [file.replace(target)]

    def _obtained(self, wanted: Wanted) -> Offer:
        offer = self._insist(lambda: self.server.offer(wanted))
        if offer.state == "missing":
            self.screen.say(f"{wanted} is not built yet: asking for it")
            offer = self._insist(lambda: self.server.ask(wanted))
        if offer.going_on:
            self.screen.say(f"building {wanted}: {offer.page}")
            offer = self._followed(offer)
        if offer.state != "succeeded" or not offer.sha256:
            raise _not_built(wanted, offer)
        return offer

    def _followed(self, offer: Offer) -> Offer:
        """Show the log of a build until it is over; return what is offered then."""
        last = 0
        while offer.going_on:
            last = self._show(offer, last)
            offer = self._insist(lambda: self.server.again(offer))  # noqa: B023 # called at once
        return offer

    def _show(self, offer: Offer, last: int) -> int:
        """Show lines until there are none or the connection is gone; return the last's number."""
        try:
            for event in self.server.events(offer.id, last):
                if event.kind == "line":
                    line = json.loads(event.data)
                    self.screen.line(line["text"], line["level"])
                    last = line["number"]
        except GoneError:
            self.screen.say("the connection is gone; trying again")
            time.sleep(self.pause)
        return last

    def _download(self, offer: Offer, file: Path) -> None:
        with self.screen.downloading(offer.name, offer.size) as progress:
            self._insist(lambda: self.server.download(offer.url, file, progress))
        got = sha256_of(file)
        if got != offer.sha256:
            raise UserError(
                f"the download of {offer.name} is not what was built: nothing was written",
                detail=f"sha256 should be {offer.sha256}\nsha256 is        {got}",
                remedy="try again; if it stays so, something between here and the server or its"
                " storage changes files.",
            )

    def _insist(self, ask: Callable[[], _Answer]) -> _Answer:
        """Ask until there is an answer, for about a minute. Raises UserError."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return ask()
            except GoneError as error:
                if attempt == _ATTEMPTS:
                    raise UserError(
                        f"{self.server.url} cannot be reached",
                        detail=str(error),
                        remedy="see whether it runs, and name it by --server or GOBP_SERVER.",
                    ) from None
                if attempt == 1:
                    self.screen.say(f"{self.server.url} cannot be reached; trying again")
                time.sleep(self.pause)
        raise AssertionError("there is at least one attempt")


def _not_built(wanted: Wanted, offer: Offer) -> UserError:
    page = f"see {offer.page}" if offer.page else "see what the server says"
    return UserError(f"{wanted}: {offer.state}", detail=offer.text, remedy=f"{page}.")
