import threading
from pathlib import Path

from gobp.buildpack import volume
from gobp.cli.go_volume import VARIABLE, go_volume


def test_the_variable_is_the_one_that_the_buildpack_reads() -> None:
    assert volume.VARIABLE == VARIABLE


def test_a_build_finds_what_the_last_one_left(tmp_path: Path) -> None:
    with go_volume(tmp_path / "cache", clear=False) as folder:
        (folder / "left").touch()

    with go_volume(tmp_path / "cache", clear=False) as again:
        assert (again / "left").exists()


def test_builds_share_the_folder_and_who_clears_it_waits_for_them(tmp_path: Path) -> None:
    cleared = threading.Event()

    def clear() -> None:
        with go_volume(tmp_path, clear=True) as emptied:
            assert not (emptied / "left").exists()
            cleared.set()

    waiting = threading.Thread(target=clear)
    with go_volume(tmp_path, clear=False) as one, go_volume(tmp_path, clear=False) as other:
        (one / "left").touch()
        waiting.start()
        assert not cleared.wait(0.2)
        assert (other / "left").exists()
    waiting.join(10)

    assert cleared.is_set()
