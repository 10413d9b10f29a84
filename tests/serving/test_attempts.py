from hypothesis import given
from hypothesis import strategies as st

from gobp.serving import attempts
from gobp.serving.attempts import Attempts, Bucket


def test_a_client_has_some_tries_at_once_and_then_waits() -> None:
    tries = Attempts(of_all=(100, 10), of_one=(3, 0.5))
    for _ in range(3):
        assert tries.wait("a", 0.0) == 0
        tries.failed("a", 0.0)
    assert tries.wait("a", 0.0) == 2.0
    assert tries.wait("b", 0.0) == 0
    assert tries.wait("a", 2.0) == 0


def test_all_clients_together_have_only_so_many() -> None:
    tries = Attempts(of_all=(5, 1), of_one=(3, 1))
    for client in range(5):
        assert tries.wait(client, 0.0) == 0
        tries.failed(client, 0.0)
    assert tries.wait("new", 0.0) == 1.0


def test_clients_that_come_and_go_take_no_memory() -> None:
    tries = Attempts(of_all=(1, 1), of_one=(1, 1))
    for client in range(3 * attempts._MOST_CLIENTS):
        tries.failed(client, 0.0)
    assert len(tries._clients) <= attempts._MOST_CLIENTS


@given(st.lists(st.floats(0, 10), max_size=50))
def test_over_any_time_no_more_is_taken_than_size_and_rate_allow(pauses: list[float]) -> None:
    bucket, now, taken = Bucket(5, 2), 0.0, 0
    for pause in pauses:
        now += pause
        if not bucket.wait(now):
            bucket.take(now)
            taken += 1
        assert taken <= 5 + 2 * now + 1e-6


def test_a_clock_that_goes_back_gives_no_tries() -> None:
    bucket = Bucket(1, 1)
    bucket.take(100.0)
    assert bucket.wait(50.0) == 1.0
    assert bucket.wait(50.5) == 0.5
