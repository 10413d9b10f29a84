"""The contract of Engine, over both engines; processes that die are in integration/."""

import threading
import time
from collections.abc import Callable

import pytest

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.engine.engine import Engine, Stopping
from gobp.buildservice.state.build_table import BuildTable
from tests.buildservice.engine.stub_parts import MemoryLogs, StubRunner, wait_until
from tests.buildservice.state.build_requests import FAILURE, SUCCESS, request

pytestmark = pytest.mark.slow  # real tools and servers

EngineMaker = Callable[[], Engine]


def state(table: BuildTable, build: Build) -> State:
    found = table.get(build.id)
    assert found is not None
    return found.state


def is_over(table: BuildTable, build: Build) -> Callable[[], bool]:
    return lambda: state(table, build).final


def test_a_build_is_done_and_told_of(engine: Engine, table: BuildTable, logs: MemoryLogs) -> None:
    runner = StubRunner()
    engine.start(runner, 1)
    build = engine.request(request("k")).build
    wait_until(lambda: runner.told)
    assert state(table, build) is State.SUCCEEDED
    assert [told.id for told in runner.told] == [build.id]
    assert runner.told[0].message == "built"
    assert logs.said[build.id] == ["attempt 1"]
    assert logs.closed[build.id] == 1
    wait_until(lambda: not table.unsettled(0.0))


def test_a_build_begins_soon_after_it_is_asked_for(engine: Engine) -> None:
    runner = StubRunner()
    engine.start(runner, 1)
    engine.request(request("warm"))
    wait_until(lambda: runner.told)
    time.sleep(0.3)
    began = time.monotonic()
    engine.request(request("k"))
    wait_until(lambda: "k" in runner.began)
    assert time.monotonic() - began < 0.5


def test_builds_that_waited_before_the_start_are_done(engine: Engine, table: BuildTable) -> None:
    builds = [engine.request(request(f"k{number}")).build for number in range(5)]
    engine.start(StubRunner(), 2)
    wait_until(lambda: all(state(table, build) is State.SUCCEEDED for build in builds))


def test_builds_that_another_process_took_in_are_done(
    make_engine: EngineMaker, table: BuildTable
) -> None:
    make_engine().start(StubRunner(), 1)
    build = make_engine().request(request("k")).build
    wait_until(is_over(table, build), 3)


def test_as_many_builds_run_at_once_as_there_are_slots(engine: Engine, table: BuildTable) -> None:
    runner = StubRunner(seconds=0.15)
    for number in range(6):
        engine.request(request(f"k{number}"))
    engine.start(runner, 3)
    wait_until(lambda: len(runner.told) == 6)
    assert runner.most_at_once == 3
    wait_until(lambda: engine.running == 0)


def test_requests_for_the_same_build_do_it_once(make_engine: EngineMaker) -> None:
    runner = StubRunner(seconds=0.1)
    engines = [make_engine() for _ in range(2)]
    for engine in engines:
        engine.start(runner, 2)
    new: list[bool] = []

    def ask() -> None:
        asked = [engines[number % 2].request(request(f"k{number % 5}")) for number in range(10)]
        new.extend(each.new for each in asked)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(runner.told) == 5)
    assert (sum(new), len(new)) == (5, 60)
    assert sorted(runner.began) == [f"k{number}" for number in range(5)]


def test_higher_priorities_go_first_and_nobody_starves(engine: Engine) -> None:
    runner = StubRunner()
    for number in range(3):
        engine.request(request(f"a{number}", who="ann"))
        time.sleep(0.002)
    engine.request(request("high", priority=1, who="bob"))
    engine.start(runner, 1)
    wait_until(lambda: len(runner.told) == 4)
    assert runner.began == ["high", "a0", "a1", "a2"]


def test_a_failed_build_stays_failed(engine: Engine, table: BuildTable) -> None:
    engine.start(StubRunner(lambda _build, _stop: FAILURE), 1)
    build = engine.request(request("k")).build
    wait_until(is_over(table, build))
    assert table.get(build.id) == table.of_key("k")
    found = table.get(build.id)
    assert found is not None
    assert (found.state, found.message, found.attempt) == (State.FAILED, FAILURE.message, 1)


def test_a_build_that_waits_is_cancelled_and_told_of(engine: Engine, table: BuildTable) -> None:
    build = engine.request(request("k")).build
    table.cancel(build.id)
    runner = StubRunner()
    engine.start(runner, 1)
    wait_until(lambda: runner.told)
    assert runner.told[0].state is State.CANCELLED
    assert runner.began == []


def test_a_build_that_runs_is_cancelled(engine: Engine, table: BuildTable) -> None:
    runner = StubRunner(seconds=60)
    engine.start(runner, 1)
    build = engine.request(request("k")).build
    wait_until(lambda: runner.began)
    table.cancel(build.id)
    wait_until(is_over(table, build), 4)
    assert state(table, build) is State.CANCELLED
    after = engine.request(request("k"))
    assert after.new


def test_a_build_that_succeeded_in_spite_of_a_cancellation_has_succeeded(
    engine: Engine, table: BuildTable
) -> None:
    def finish(_build: Build, stop: Stopping) -> Ending:
        stop.wait()
        return SUCCESS

    engine.start(StubRunner(finish), 1)
    build = engine.request(request("k")).build
    wait_until(lambda: state(table, build) is State.RUNNING)
    table.cancel(build.id)
    wait_until(is_over(table, build), 4)
    assert state(table, build) is State.SUCCEEDED


def test_a_build_that_takes_longer_than_the_lease_is_not_given_to_another(
    make_engine: EngineMaker, table: BuildTable
) -> None:
    runner = StubRunner(seconds=4.0)
    for _ in range(2):
        make_engine().start(runner, 1)
    build = make_engine().request(request("k")).build
    wait_until(is_over(table, build))
    assert runner.began == ["k"]
    assert state(table, build) is State.SUCCEEDED


def test_trouble_of_the_service_is_tried_again_and_then_an_error(
    engine: Engine, table: BuildTable, logs: MemoryLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gobp.buildservice.engine.work._AGAIN_SECONDS", 0.2)

    def fail(_build: Build, _stop: Stopping) -> Ending:
        raise OSError("the password is hunter2")

    runner = StubRunner(fail)
    engine.start(runner, 1)
    build = engine.request(request("k")).build
    wait_until(is_over(table, build))
    found = table.get(build.id)
    assert found is not None
    assert (found.state, found.attempt, runner.began) == (State.ERROR, 2, ["k", "k"])
    assert found.message == "trouble of the service in 2 attempts, the last: OSError"
    assert "trouble of the service (OSError); it is tried again in 0 s" in logs.said[build.id]
    assert "hunter2" not in str(logs.said)


def test_a_stop_waits_for_what_runs(engine: Engine, table: BuildTable) -> None:
    runner = StubRunner(seconds=0.5)
    engine.start(runner, 1)
    build = engine.request(request("k")).build
    engine.request(request("later"))
    wait_until(lambda: runner.began)
    engine.stop(10)
    assert state(table, build) is State.SUCCEEDED
    assert runner.began == ["k"]


def test_what_does_not_end_in_time_is_given_back_and_done_by_another(
    make_engine: EngineMaker, table: BuildTable, logs: MemoryLogs
) -> None:
    first, second = make_engine(), make_engine()
    slow, quick = StubRunner(seconds=60), StubRunner()
    first.start(slow, 1)
    build = first.request(request("k")).build
    wait_until(lambda: slow.began)
    first.stop(0)
    assert state(table, build) is State.QUEUED
    assert "this worker stops; the build waits for another one" in logs.said[build.id]
    second.start(quick, 1)
    wait_until(is_over(table, build))
    found = table.get(build.id)
    assert found is not None
    assert (found.state, found.attempt) == (State.SUCCEEDED, 1)


def test_an_engine_that_was_not_started_only_takes_in(engine: Engine, table: BuildTable) -> None:
    build = engine.request(request("k")).build
    engine.stop(1)
    assert (state(table, build), engine.running) == (State.QUEUED, 0)


def test_what_is_done_after_a_build_is_done_again_where_it_failed(
    engine: Engine, table: BuildTable
) -> None:
    class Forgetful(StubRunner):
        def ended(self, build: Build, /) -> None:
            super().ended(build)
            if len(self.told) == 1:
                raise OSError

    runner = Forgetful()
    engine.start(runner, 1)
    engine.request(request("k"))
    wait_until(lambda: len(runner.told) == 2)
    wait_until(lambda: not table.unsettled(0.0))


def test_preparing_again_does_no_harm(engine: Engine) -> None:
    engine.request(request("k"))
    engine.prepare()
    runner = StubRunner()
    engine.start(runner, 1)
    wait_until(lambda: runner.told)
