from pathlib import Path

from release.seed import seed_names

KEY, OUTPUT, INDEX = "aa" + "1" * 62, "bb" + "2" * 62, "cc" + "3" * 62


def entry(output: str, size: int) -> bytes:
    return f"v1 {KEY} {output} {size:20d} {1700000000000000000:20d}\n".encode()


def put(cache: Path, name: str, content: bytes) -> None:
    path = cache / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_entries_lose_their_time_and_what_several_lead_to_is_there_once(tmp_path: Path) -> None:
    put(tmp_path, f"{OUTPUT}-d", b"!<arch>\n")
    put(tmp_path, f"{KEY}-a", entry(OUTPUT, 8))
    put(tmp_path, f"{KEY[:-1]}9-a", entry(OUTPUT, 8))
    (tmp_path / "trim.txt").write_text("1700000000\n")

    found = list(seed_names(tmp_path))

    assert found == [
        f"aa/{KEY}-a",
        f"bb/{OUTPUT}-d",
        f"aa/{KEY[:-1]}9-a",
    ]
    content = (tmp_path / "aa" / f"{KEY}-a").read_bytes()
    assert content == f"v1 {KEY} {OUTPUT} {8:20d} {1:20d}\n".encode()


def test_what_go_notes_of_this_machine_stays_here(tmp_path: Path) -> None:
    put(tmp_path, f"{INDEX}-d", b"go index v2\n/usr/local/go")
    put(tmp_path, f"{KEY}-a", entry(INDEX, 25))

    assert list(seed_names(tmp_path)) == []


def test_entries_that_lead_nowhere_or_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, f"{KEY}-a", entry(OUTPUT, 8))
    put(tmp_path, f"{INDEX}-a", b"half an ent")

    assert list(seed_names(tmp_path)) == []
