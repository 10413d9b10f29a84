"""Turns: fair, and never more than there are."""

import threading
import time

from gobp.buildservice.state.pool import Turns


def test_turns_are_had_in_the_order_of_asking_even_beside_one_that_comes_again() -> None:
    turns = Turns(1)
    had: list[int] = []
    threads = []
    turns.__enter__()
    for number in range(5):
        threads.append(threading.Thread(target=_take, args=(turns, had, number)))
        threads[-1].start()
        time.sleep(0.02)
    turns.__exit__(None, None, None)
    with turns:
        had.append(99)
    for thread in threads:
        thread.join()
    assert had == [0, 1, 2, 3, 4, 99]


def test_no_more_threads_have_a_turn_than_there_are_turns() -> None:
    turns = Turns(3)
    now: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with turns:
                now.append(1)
                most.append(len(now))
                time.sleep(0.0005)
                now.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 3


def _take(turns: Turns, had: list[int], number: int) -> None:
    with turns:
        had.append(number)
