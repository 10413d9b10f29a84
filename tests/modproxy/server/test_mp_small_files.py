from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.server.small_files import LARGEST, Ready, SmallFiles


def ready(size: int = 1, until: float = 100.0) -> Ready:
    return Ready([], b"x" * size, "example.com/m", "mod", None, until)


def test_what_was_put_is_given_until_its_time() -> None:
    files, entry = SmallFiles(10_000), ready(until=5.0)
    files.put("/a", entry)
    assert files.get("/a", 5.0) is entry
    assert files.get("/a", 5.1) is None
    assert (len(files), files.size) == (0, 0)


def test_what_was_used_least_lately_goes_first() -> None:
    files = SmallFiles(2 * 1024 + 100)
    files.put("/a", ready())
    files.put("/b", ready())
    files.get("/a", 0.0)
    files.put("/c", ready())
    assert [path for path in ("/a", "/b", "/c") if files.get(path, 0.0)] == ["/a", "/c"]


def test_a_large_file_is_not_kept() -> None:
    files = SmallFiles(1_000_000)
    files.put("/a", ready(LARGEST + 1))
    assert files.get("/a", 0.0) is None


def test_all_is_forgotten_at_once() -> None:
    files = SmallFiles(10_000)
    files.put("/a", ready())
    files.clear()
    assert (files.get("/a", 0.0), files.size) == (None, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3000))), st.integers(0, 9000))
def test_never_more_is_kept_than_is_allowed(puts: list[tuple[str, int]], most: int) -> None:
    files = SmallFiles(most)
    for path, size in puts:
        files.put(path, ready(size))
        kept = [entry for path in "abcdefgh" if (entry := files.get(path, 0.0)) is not None]
        assert files.size == sum(1024 + len(entry.body) for entry in kept) <= most
        assert len(files) == len(kept)
