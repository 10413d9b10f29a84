"""Builds as rows of the table."""

from collections.abc import Sequence

import msgspec

from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.state.database import Row

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS gobp_builds (
        id TEXT PRIMARY KEY,
        build_key TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        who TEXT NOT NULL,
        priority BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        started DOUBLE PRECISION NOT NULL DEFAULT 0,
        ended DOUBLE PRECISION NOT NULL DEFAULT 0,
        attempt BIGINT NOT NULL DEFAULT 0,
        owner TEXT NOT NULL DEFAULT '',
        lease_until DOUBLE PRECISION NOT NULL DEFAULT 0,
        cancel_asked BIGINT NOT NULL DEFAULT 0,
        message TEXT NOT NULL DEFAULT '',
        pinned BIGINT NOT NULL DEFAULT 0,
        ordered TEXT NOT NULL,
        pin TEXT NOT NULL,
        artifacts TEXT NOT NULL DEFAULT '[]',
        dependencies TEXT NOT NULL DEFAULT '[]',
        due DOUBLE PRECISION NOT NULL DEFAULT 0,
        settled BIGINT NOT NULL DEFAULT 0,
        repository TEXT NOT NULL,
        version TEXT NOT NULL,
        goos TEXT NOT NULL,
        goarch TEXT NOT NULL
    )""",
    """CREATE UNIQUE INDEX IF NOT EXISTS gobp_builds_single ON gobp_builds (build_key)
        WHERE state IN ('queued', 'running', 'succeeded')""",
    "CREATE INDEX IF NOT EXISTS gobp_builds_keys ON gobp_builds (build_key, id)",
    "CREATE INDEX IF NOT EXISTS gobp_builds_repositories ON gobp_builds (repository, id)",
    "CREATE INDEX IF NOT EXISTS gobp_builds_states ON gobp_builds (state, who)",
    """CREATE INDEX IF NOT EXISTS gobp_builds_queue ON gobp_builds
        (state, priority, who, id, due) WHERE state = 'queued'""",
    """CREATE INDEX IF NOT EXISTS gobp_builds_leases ON gobp_builds (lease_until)
        WHERE state = 'running'""",
    """CREATE INDEX IF NOT EXISTS gobp_builds_unsettled ON gobp_builds (ended)
        WHERE settled = 0 AND ended > 0""",
)
"""``due`` is when a build that waits may begin; ``settled`` says that all was told of its end.

``gobp_builds_single`` is what makes one build of any number of requests.
"""

COLUMNS = (
    "id, build_key, state, reason, who, priority, created, started, ended, attempt, owner,"
    " lease_until, cancel_asked, message, pinned, ordered, pin, artifacts, dependencies"
)
_ORDERS = msgspec.json.Decoder(Order)
_PINS = msgspec.json.Decoder(Pin)
_ARTIFACTS = msgspec.json.Decoder(tuple[Artifact, ...])
_TEXTS = msgspec.json.Decoder(tuple[str, ...])


def as_build(row: Row) -> Build:
    """Return the build of a row of COLUMNS."""
    return Build(
        id=row[0],
        key=row[1],
        state=State(row[2]),
        reason=Reason(row[3]),
        who=row[4],
        priority=row[5],
        created=row[6],
        started=row[7],
        ended=row[8],
        attempt=row[9],
        owner=row[10],
        lease_until=row[11],
        cancel_asked=bool(row[12]),
        message=row[13],
        pinned=bool(row[14]),
        order=_ORDERS.decode(row[15]),
        pin=_PINS.decode(row[16]),
        artifacts=_ARTIFACTS.decode(row[17]),
        dependencies=_TEXTS.decode(row[18]),
    )


def as_builds(rows: Sequence[Row]) -> list[Build]:
    """Return the builds of rows of COLUMNS."""
    return [as_build(row) for row in rows]


def as_json(value: object) -> str:
    """Return a value as it is in the table."""
    return msgspec.json.encode(value).decode()
