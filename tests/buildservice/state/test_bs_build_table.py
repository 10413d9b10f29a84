"""The contract of Builds, over both databases."""

import threading
import time
from collections.abc import Callable

import pytest

from gobp.buildservice.builds.build import Artifact, Build, Ending, Reason, State
from gobp.buildservice.builds.order import GitSource, Order, Pin, Recipe, Target
from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.builds import Claim, Filter, Request
from gobp.buildservice.state.database import Database
from tests.buildservice.state.build_requests import FAILURE, SUCCESS, request

pytestmark = pytest.mark.slow  # real tools and servers

LEASE = 30.0
FAR = 3600.0


def claim(table: BuildTable, owner: str = "w", lease: float = LEASE) -> Claim:
    claimed = table.claim(owner, lease)
    assert claimed is not None
    return claimed


def lost(table: BuildTable, owner: str = "w") -> Claim:
    """Claim a build as a worker that dies at once."""
    claimed = claim(table, owner, 0.0)
    time.sleep(0.002)
    return claimed


def ask(table: BuildTable, *requests: Request) -> list[Build]:
    """Ask for builds, one after the other so that their ids are in this order."""
    asked = []
    for each in requests:
        asked.append(table.request(each).build)
        time.sleep(0.002)
    return asked


def build(table: BuildTable, build_id: str) -> Build:
    found = table.get(build_id)
    assert found is not None
    return found


def test_a_build_comes_back_as_it_was_asked_for(table: BuildTable) -> None:
    order = Order(
        source=GitSource("git.example:8443", "group/nested/ü", submodules=True),
        ref="main",
        target=Target("linux", "arm", "7"),
        package="./cmd/x",
        go="1.25.4",
        tags=("a", "b"),
        ldflags="-s -w",
        recipe=Recipe.MAKE,
        verify=True,
    )
    pin = Pin(version="main", commit="c" * 40, moving=True, time=1_700_000_000)
    asked = Request(key="k", order=order, pin=pin, who="ann", reason=Reason.WEBHOOK, priority=-7)
    made = table.request(asked)
    assert made.new
    assert build(table, made.build.id) == made.build
    assert (made.build.order, made.build.pin) == (order, pin)
    assert (made.build.who, made.build.reason, made.build.priority) == ("ann", "webhook", -7)
    assert made.build.state is State.QUEUED
    assert abs(made.build.created - time.time()) < 60


def test_requests_of_one_key_get_the_build_that_waits_runs_or_has_succeeded(
    table: BuildTable,
) -> None:
    first = table.request(request("k", who="ann"))
    assert not (again := table.request(request("k", who="bob"))).new
    assert again.build == first.build
    claimed = claim(table)
    assert table.request(request("k")).build.state is State.RUNNING
    assert table.finish(claimed, SUCCESS)
    assert table.request(request("k")).build.id == first.build.id
    assert table.request(request("other")).new


@pytest.mark.parametrize("state", [State.FAILED, State.ERROR, State.TIMED_OUT, State.CANCELLED])
def test_what_did_not_succeed_is_built_anew_when_it_is_asked_for(
    table: BuildTable, state: State
) -> None:
    first = table.request(request("k")).build
    table.finish(claim(table), Ending(state=state, message="no"))
    of_key = table.of_key("k")
    assert of_key is not None
    assert (of_key.id, of_key.state, of_key.message) == (first.id, state, "no")
    time.sleep(0.002)
    second = table.request(request("k"))
    assert second.new
    of_key = table.of_key("k")
    assert of_key is not None
    assert of_key.id == second.build.id != first.id


def test_400_requests_at_the_same_time_over_50_keys_make_50_builds(table: BuildTable) -> None:
    new: list[bool] = []
    ids: dict[str, set[str]] = {f"k{number}": set() for number in range(50)}

    def ask_for_all(thread: int) -> None:
        for number in range(50):
            key = f"k{(number * 7 + thread) % 50}"
            requested = table.request(request(key))
            new.append(requested.new)
            ids[key].add(requested.build.id)

    threads = [threading.Thread(target=ask_for_all, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(new), sum(new)) == (400, 50)
    assert all(len(of_key) == 1 for of_key in ids.values())
    assert table.counts()[State.QUEUED] == 50


def test_what_is_done_with_a_request_is_undone_with_it(
    table: BuildTable, database: Database
) -> None:
    def fail(_: object) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        table.request(request("k"), also=fail)
    assert table.of_key("k") is None


def test_what_is_done_with_a_request_is_done_for_a_new_build_only(table: BuildTable) -> None:
    done: list[object] = []
    table.request(request("k"), also=done.append)
    table.request(request("k"), also=done.append)
    assert len(done) == 1


def test_nothing_is_given_where_nothing_waits(table: BuildTable) -> None:
    assert table.claim("w", LEASE) is None


def test_a_claimed_build_runs_and_is_given_to_nobody_else(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table, "w1")
    assert (claimed.owner, claimed.attempt, claimed.build.state) == ("w1", 1, State.RUNNING)
    assert (claimed.build.owner, claimed.build.attempt) == ("w1", 1)
    assert claimed.build.started >= claimed.build.created
    assert claimed.build.lease_until > claimed.build.started + LEASE - 1
    assert table.claim("w2", LEASE) is None


def test_higher_priorities_go_first_then_the_oldest(table: BuildTable) -> None:
    wanted = [("a", 0), ("b", 5), ("c", -5), ("d", 5), ("e", 0)]
    ask(table, *(request(key, priority=priority) for key, priority in wanted))
    assert [claim(table, key).build.key for key, _ in wanted] == ["b", "d", "a", "e", "c"]


def test_who_has_fewer_builds_running_goes_first(table: BuildTable) -> None:
    ask(table, *(request(f"a{number}", who="ann") for number in range(4)))
    ask(table, request("b0", who="bob"), request("b1", who="bob"), request("c", who="cem"))
    keys = [claim(table, f"w{number}").build.key for number in range(7)]
    assert keys == ["a0", "b0", "c", "a1", "b1", "a2", "a3"]


def test_many_workers_at_the_same_time_get_each_build_once(table: BuildTable) -> None:
    for number in range(40):
        table.request(request(f"k{number}", who=f"who{number % 3}"))
    claimed: list[str] = []

    def work(worker: int) -> None:
        while (given := table.claim(f"w{worker}", LEASE)) is not None:
            claimed.append(given.build.key)
            assert table.finish(given, SUCCESS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(f"k{number}" for number in range(40))
    assert table.counts()[State.SUCCEEDED] == 40


def test_a_build_whose_worker_is_lost_is_given_to_another(table: BuildTable) -> None:
    table.request(request("k"))
    first = lost(table, "w1")
    second = claim(table, "w2")
    assert (second.build.id, second.attempt, second.owner) == (first.build.id, 2, "w2")


def test_a_zombie_can_neither_renew_nor_finish_nor_give_back(table: BuildTable) -> None:
    table.request(request("k"))
    zombie = lost(table, "w1")
    second = claim(table, "w2")
    assert not table.renew(zombie, LEASE).ours
    assert not table.finish(zombie, FAILURE)
    assert not table.give_back(zombie)
    assert build(table, second.build.id).state is State.RUNNING
    assert table.finish(second, SUCCESS)
    assert not table.finish(zombie, FAILURE)
    assert build(table, second.build.id).message == "built"


def test_a_zombie_of_the_same_owner_is_fenced_out_by_the_attempt(table: BuildTable) -> None:
    table.request(request("k"))
    zombie = lost(table, "w1")
    second = claim(table, "w1")
    assert not table.finish(zombie, FAILURE)
    assert table.finish(second, SUCCESS)


def test_a_lease_that_is_renewed_holds(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = lost(table)
    renewed = table.renew(claimed, LEASE)
    assert (renewed.ours, renewed.cancel) == (True, False)
    assert table.claim("w2", LEASE) is None
    assert table.sweep(queue_seconds=FAR) == []


def test_a_build_that_lost_its_worker_too_often_ends_as_error(table: BuildTable) -> None:
    table.request(request("poison"))
    for attempt in range(1, 4):
        assert lost(table, f"w{attempt}").attempt == attempt
    assert table.claim("w4", LEASE) is None
    (ended,) = table.sweep(queue_seconds=FAR)
    assert (ended.key, ended.state, ended.attempt) == ("poison", State.ERROR, 3)
    assert "worker was lost" in ended.message
    assert ended.ended > 0
    assert table.sweep(queue_seconds=FAR) == []


def test_a_sweep_queues_what_lost_its_worker(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = lost(table)
    assert table.sweep(queue_seconds=FAR) == []
    assert build(table, claimed.build.id).state is State.QUEUED


def test_what_waits_too_long_expires(table: BuildTable) -> None:
    ask(table, request("old"))
    assert table.sweep(queue_seconds=FAR) == []
    (ended,) = table.sweep(queue_seconds=0.0)
    assert (ended.key, ended.state) == ("old", State.EXPIRED)
    assert table.claim("w", LEASE) is None
    assert table.request(request("old")).new


def test_a_finished_build_has_what_came_of_it(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table)
    artifact = Artifact(
        name="x.tar.gz", kind="archive", sha256="ab", size=2**40, media_type="application/gzip"
    )
    ending = Ending(
        state=State.SUCCEEDED,
        message="it is \0 built ü",
        artifacts=(artifact,),
        dependencies=("example.com/a@v1.0.0 h1:x=",),
    )
    assert table.finish(claimed, ending)
    ended = build(table, claimed.build.id)
    assert (ended.state, ended.message) == (State.SUCCEEDED, "it is  built ü")
    assert (ended.artifacts, ended.dependencies) == (ending.artifacts, ending.dependencies)
    assert ended.ended >= ended.started


def test_finishing_again_after_the_answer_was_lost_says_so_and_changes_nothing(
    table: BuildTable,
) -> None:
    table.request(request("k"))
    claimed = claim(table)
    assert table.finish(claimed, SUCCESS)
    assert table.finish(claimed, FAILURE)
    assert build(table, claimed.build.id).state is State.SUCCEEDED


def test_a_build_that_is_given_back_waits_with_its_attempt_not_counted(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table, "w1")
    assert table.give_back(claimed)
    assert build(table, claimed.build.id).state is State.QUEUED
    assert claim(table, "w2").attempt == 1


def test_a_build_that_is_tried_again_counts_and_waits_for_its_time(table: BuildTable) -> None:
    table.request(request("k"))
    assert table.give_back(claim(table, "w1"), counted=True, delay=0.2)
    assert table.claim("w2", LEASE) is None
    time.sleep(0.25)
    assert claim(table, "w3").attempt == 2


def test_a_build_that_waits_is_cancelled_at_once(table: BuildTable) -> None:
    waiting = table.request(request("k")).build
    cancelled = table.cancel(waiting.id)
    assert cancelled is not None
    assert cancelled.state is State.CANCELLED
    assert cancelled.ended > 0
    assert table.claim("w", LEASE) is None


def test_a_build_that_runs_is_asked_to_end(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table)
    asked = table.cancel(claimed.build.id)
    assert asked is not None
    assert (asked.state, asked.cancel_asked, asked.ended) == (State.RUNNING, True, 0.0)
    assert table.renew(claimed, LEASE).cancel
    assert table.finish(claimed, Ending(state=State.CANCELLED))


def test_a_build_that_is_over_stays_as_it_is_when_it_is_cancelled(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table)
    table.finish(claimed, SUCCESS)
    over = table.cancel(claimed.build.id)
    assert over is not None
    assert (over.state, over.cancel_asked) == (State.SUCCEEDED, False)
    assert table.cancel("0" * 32) is None


def test_a_build_to_be_cancelled_whose_worker_is_lost_is_cancelled(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = lost(table)
    table.cancel(claimed.build.id)
    assert table.claim("w2", LEASE) is None
    (ended,) = table.sweep(queue_seconds=FAR)
    assert ended.state is State.CANCELLED


def test_a_build_to_be_cancelled_that_is_given_back_is_cancelled(table: BuildTable) -> None:
    table.request(request("k"))
    claimed = claim(table)
    table.cancel(claimed.build.id)
    assert table.give_back(claimed)
    ended = build(table, claimed.build.id)
    assert ended.state is State.CANCELLED
    assert ended.ended > 0


def test_builds_that_ended_are_unsettled_until_they_are_settled(table: BuildTable) -> None:
    ask(table, request("done"), request("cancelled"), request("waits"))
    claimed = claim(table)
    table.finish(claimed, SUCCESS)
    found = table.of_key("cancelled")
    assert found is not None
    table.cancel(found.id)
    assert [each.key for each in table.unsettled(0.0)] == ["done", "cancelled"]
    assert table.unsettled(FAR) == []
    table.settle(claimed.build.id)
    assert [each.key for each in table.unsettled(0.0)] == ["cancelled"]


def test_builds_are_listed_from_the_newest_on_in_pages(table: BuildTable) -> None:
    asked = [each.id for each in ask(table, *(request(f"k{number}") for number in range(5)))]
    newest = asked[::-1]
    assert [each.id for each in table.listed(Filter(), limit=2)] == newest[:2]
    assert [each.id for each in table.listed(Filter(), before=newest[1])] == newest[2:]


@pytest.mark.parametrize(
    ("which", "keys"),
    [
        (Filter(repository="example.com/a"), ["a"]),
        (Filter(text="COM/A"), ["a2", "a"]),
        (Filter(text="a_"), []),
        (Filter(text="%"), []),
        (Filter(text="\\"), []),
        (Filter(text="a\0"), []),
        (Filter(text="\ud800"), []),
        (Filter(state=State.RUNNING), ["a"]),
        (Filter(state=State.QUEUED, who="bob"), ["b"]),
        (Filter(version="v2.0.0"), ["b"]),
        (Filter(goos="windows", goarch="arm64"), ["a2"]),
        (Filter(goos="' OR '1' = '1"), []),
    ],
)
def test_builds_are_filtered(table: BuildTable, which: Filter, keys: list[str]) -> None:
    windows = Target("windows", "arm64")
    ask(
        table,
        request("a", module="example.com/a", priority=1),
        request("a2", module="example.com/a/v2", target=windows),
        request("b", module="example.com/b", version="v2.0.0", who="bob"),
    )
    claim(table)
    assert [each.key for each in table.listed(which)] == keys


@pytest.mark.parametrize("build_id", ["", "0" * 32, "a\0b", "\ud800", "' OR 1=1 --"])
def test_unknown_builds_are_none(table: BuildTable, build_id: str) -> None:
    table.request(request("k"))
    calls: list[Callable[[str], Build | None]] = [table.get, table.cancel, table.of_key]
    assert [call(build_id) for call in calls] == [None, None, None]
    assert table.pin(build_id, pinned=True) is None
    assert table.listed(Filter(), before=build_id, limit=0) == []


def test_only_builds_that_are_over_and_not_pinned_are_removed(table: BuildTable) -> None:
    ask(table, request("over"), request("pinned"), request("runs"), request("waits"))
    over, pinned, runs = claim(table, "1"), claim(table, "2"), claim(table, "3")
    table.finish(over, SUCCESS)
    table.finish(pinned, SUCCESS)
    kept = table.pin(pinned.build.id, pinned=True)
    assert kept is not None
    assert kept.pinned
    everything = [each.id for each in table.listed(Filter())]
    assert table.remove(everything) == 1
    assert [each.key for each in table.listed(Filter())] == ["waits", "runs", "pinned"]
    table.pin(pinned.build.id, pinned=False)
    assert table.remove(everything) == 1
    assert table.finish(runs, SUCCESS)


def test_builds_are_counted(table: BuildTable) -> None:
    ask(table, request("a"), request("b"), request("c", who="bob"))
    claim(table)
    counts = table.counts()
    assert (counts[State.QUEUED], counts[State.RUNNING], counts[State.FAILED]) == (2, 1, 0)
    assert table.waiting_of("ann") == (1, 1)
    assert table.waiting_of("bob") == (1, 0)
    assert table.waiting_of("cem") == (0, 0)


def test_builds_are_there_after_a_restart(
    table: BuildTable, database: Database, queue: Queue
) -> None:
    waiting = table.request(request("k")).build
    database.close()
    again = BuildTable(database, attempts=3)
    again.prepare()
    assert again.get(waiting.id) == waiting
