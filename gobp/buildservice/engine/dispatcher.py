"""A worker of Procrastinate in a thread of its own, which hands tickets to a crew."""

import asyncio
import logging
import threading
from contextlib import suppress

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from gobp.buildservice.engine.crew import Crew
from gobp.buildservice.engine.tickets import QUEUE, TASK, Tickets
from gobp.buildservice.state.database import DatabaseError

_LOOK_SECONDS = 1.0  # between two looks: a notice during the one before is overheard
_STOP_SECONDS = 0.1  # between two looks whether to stop
_AGAIN_SECONDS = 1.0  # before there is a new worker for one that lost the database
_CONNECTIONS = 4
_CONNECT_SECONDS = 5.0
_LOG = logging.getLogger(__name__)


class Dispatcher:
    """Takes as many tickets at the same time as there are ``slots``.

    A worker of Procrastinate shows every third of ``lease`` seconds that it lives; tickets of one
    that does not are another's after the lease. Builds go on when a worker ends, as it does when
    it loses the database: they have leases of their own.
    """

    def __init__(
        self, conninfo: str, crew: Crew, tickets: Tickets, *, slots: int, lease: float
    ) -> None:
        self._conninfo = conninfo
        self._crew = crew
        self._tickets = tickets
        self._slots = slots
        self._lease = lease
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="build dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more tickets."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except Exception as error:  # noqa: BLE001 # Procrastinate's, psycopg's, its pool's
                _LOG.warning("no builds are taken: %s", error.__cause__ or error)
            self._stopping.wait(_AGAIN_SECONDS)

    async def _work(self) -> None:
        app = self._app()
        async with app.open_async():
            worker = Worker(
                app,
                queues=[QUEUE],
                name="gobp",
                concurrency=self._slots,
                fetch_job_polling_interval=_LOOK_SECONDS,
                shutdown_graceful_timeout=0,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=self._lease / 3,
                stalled_worker_timeout=self._lease,
            )
            helpers = [
                asyncio.create_task(self._sweep(app)),
                asyncio.create_task(self._stop_when_asked(worker)),
            ]
            try:
                await worker.run()  # type: ignore[no-untyped-call] # Procrastinate's
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)

    def _app(self) -> App:
        connector = PsycopgConnector(
            conninfo=self._conninfo,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_CONNECT_SECONDS,
            kwargs={"application_name": "gobp jobs", "connect_timeout": int(_CONNECT_SECONDS)},
        )
        app = App(connector=connector)

        @app.task(queue=QUEUE, name=TASK)
        async def build() -> None:
            await asyncio.wrap_future(self._crew.submit(self._do_one))

        return app

    def _do_one(self) -> bool:
        try:
            return self._crew.work.do_one()
        except DatabaseError as error:  # the ticket is replaced
            _LOG.warning("no build can be had: %s", error)
            return False

    async def _sweep(self, app: App) -> None:
        """Bring back the tickets of workers that died, and replace those that are lost."""
        while True:
            try:
                for job in await app.job_manager.get_stalled_jobs(
                    queue=QUEUE, seconds_since_heartbeat=self._lease
                ):
                    with suppress(ConnectorException):  # another worker was faster
                        await app.job_manager.retry_job(job)
                await asyncio.to_thread(self._tickets.replace)
            except (ConnectorException, DatabaseError) as error:
                _LOG.warning("tickets are not looked after: %s", error.__cause__ or error)
            await asyncio.sleep(self._lease / 3)

    async def _stop_when_asked(self, worker: Worker) -> None:
        while True:
            if self._stopping.is_set():
                worker.stop()  # type: ignore[no-untyped-call] # Procrastinate's
            await asyncio.sleep(_STOP_SECONDS)
