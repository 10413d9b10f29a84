"""A process that only builds: gobp worker."""

import signal
import threading
from collections.abc import Mapping

from gobp.buildservice.parts import make_parts
from gobp.buildservice.settings.schema import Settings

_ROUNDS_STOP_SECONDS = 10.0


def work(settings: Settings, env: Mapping[str, str], slots: int = 0) -> None:
    """Build until SIGTERM or SIGINT; ``slots`` builds at the same time, 0 for what is set.

    What runs then has settings.drain seconds to end in; the rest is queued again. Raises
    UserError where the sandbox or a part that is configured does not work here.
    """
    parts = make_parts(settings, env)
    engine, rounds = parts.service.engine, parts.rounds()
    runner = parts.runner(env)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    engine.start(runner, slots or parts.slots())
    rounds.start()
    ending.wait()
    engine.stop(settings.drain)
    rounds.stop(_ROUNDS_STOP_SECONDS)
    parts.database.close()
