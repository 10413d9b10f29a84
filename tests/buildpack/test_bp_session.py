"""What components hand on in memory."""

import stat
from pathlib import Path

from gobp.buildpack.session import Session


def test_a_variable_is_there_once_it_is_set(tmp_path: Path) -> None:
    session = Session(tmp_path)

    session.set("GOPROXY", "https://proxy.example.com")

    assert session.env == {"GOPROXY": "https://proxy.example.com"}


def test_the_folder_is_for_this_user_alone_and_goes_with_the_session(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        folder = session.folder()
        (folder / "netrc").write_text("secret")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert session.folder() == folder

    assert [*tmp_path.iterdir()] == []


def test_without_a_folder_in_memory_one_on_disk_serves(tmp_path: Path) -> None:
    with Session(tmp_path / "absent") as session:
        folder = session.folder()
        assert folder.is_dir()

    assert not folder.exists()


def test_what_waits_for_the_end_is_done_once(tmp_path: Path) -> None:
    done: list[str] = []
    with Session(tmp_path) as session:
        session.at_end("first", lambda: done.append("first"))
        session.at_end("second", lambda: done.append("second"))
        session.end("second")
        session.end("unknown")
        assert done == ["second"]

    assert done == ["second", "first"]
