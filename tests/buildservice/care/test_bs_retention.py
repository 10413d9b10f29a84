"""What is removed of a real history, and what a crash leaves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildservice.care.retention import Removed, Retention
from gobp.buildservice.settings.schema import Keep
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.store import StorageError
from gobp.serving.settings.values import Duration, Size
from tests.buildservice.care.small_history import History
from tests.buildservice.logs.databases import database_of
from tests.buildservice.storage.stores import memory_store

DAY = 86_400


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    with database_of(request.param, tmp_path) as database:
        yield History(database, memory_store(), tmp_path / "files")


def retention(history: History, keep: Keep, *, days_later: float = 0) -> Retention:
    """Return the retention as it is so many days later."""

    def store_clock() -> float:
        return history.store.clock() + days_later * DAY

    return Retention(
        keep,
        history.builds,
        history.logs,
        replace(history.store, clock=store_clock),
        history.database,
        clock=store_clock,
    )


def test_what_is_too_old_goes_with_its_log_and_artifacts(history: History) -> None:
    old, newest = history.built(b"old"), history.built(b"newest")
    pinned, failed = history.built(b"pinned"), history.failed("no such package")
    history.builds.pin(pinned.id, pinned=True)
    waiting = history.queued()
    another = history.built(b"the only one of its kind", module="example.com/other")

    keep = Keep(age=Duration(DAY), last=1)
    removed = retention(history, keep, days_later=2).run_once()

    assert removed == Removed(builds=3, blobs=2, size=len(b"old" + b"newest"))
    for build in (old, newest, failed):
        assert history.builds.get(build.id) is None
        assert history.store.published(build.id) is None
        assert history.texts(build) == []
        assert history.store.log(build.id) is None
    for build in (pinned, another):
        assert history.texts(build) == ["building"]
        assert history.read(build)
    assert history.builds.get(waiting.id) == waiting
    with pytest.raises(KeyError):
        history.read(old)


def test_a_blob_that_another_build_has_stays(history: History) -> None:
    old = history.built(b"the same bytes")
    new = history.built(b"the same bytes", module="example.com/renamed")
    history.builds.pin(new.id, pinned=True)
    removed = retention(history, Keep(age=Duration(1), last=0), days_later=1).run_once()
    assert removed == Removed(builds=1, blobs=0, size=0)
    assert history.builds.get(old.id) is None
    assert history.read(new) == b"the same bytes"


def test_what_is_too_much_goes_the_oldest_first(history: History) -> None:
    builds = [history.built(bytes([number]) * 100) for number in range(5)]
    retention(history, Keep(bytes=Size(250), last=1)).run_once()
    assert [history.builds.get(build.id) is not None for build in builds] == [
        *[False] * 3,
        *[True] * 2,
    ]


def test_by_default_nothing_that_succeeded_goes(history: History) -> None:
    built, failed = history.built(b"kept"), history.failed("typo")
    assert retention(history, Keep(), days_later=29).run_once() == Removed(0, 0, 0)
    assert retention(history, Keep(), days_later=31).run_once() == Removed(1, 0, 0)
    assert history.builds.get(failed.id) is None
    assert history.read(built) == b"kept"


def test_more_builds_than_one_round_takes_at_once_go(history: History) -> None:
    for number in range(60):
        history.failed(f"failure {number}")
    assert retention(history, Keep(), days_later=31).run_once().builds == 60
    assert sum(history.builds.counts().values()) == 0


def test_what_could_not_be_removed_is_removed_with_the_next_round(history: History) -> None:
    build = history.built(b"stubborn")
    keep = Keep(age=Duration(1), last=0)
    first = retention(history, keep, days_later=1)
    with pytest.raises(StorageError):
        replace(first, store=_Away(history.store.objects)).run_once()
    assert history.builds.get(build.id) is None
    assert history.store.published(build.id) is not None

    assert first.run_once() == Removed(builds=1, blobs=1, size=len(b"stubborn"))
    assert history.store.published(build.id) is None
    assert first.run_once() == Removed(0, 0, 0)


class _Away(ArtifactStore):
    """A store that nothing can be removed from."""

    def remove(self, build_ids: list[str], /) -> None:
        if build_ids:
            raise StorageError


def test_a_build_that_is_pinned_while_it_is_chosen_stays_whole(history: History) -> None:
    build = history.built(b"saved")
    chosen = retention(history, Keep(age=Duration(1), last=0), days_later=1)
    late = replace(chosen, builds=_PinnedLate(history.database, attempts=3))
    assert late.run_once() == Removed(0, 0, 0)
    assert history.read(build) == b"saved"
    assert history.texts(build) == ["building"]


class _PinnedLate(BuildTable):
    """A table in which builds are pinned just before they would be removed."""

    def remove(self, build_ids: list[str], /) -> int:
        for build_id in build_ids:
            self.pin(build_id, pinned=True)
        return super().remove(build_ids)
