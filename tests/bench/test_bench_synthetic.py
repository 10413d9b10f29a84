"""Generated apps have the size that was asked for, and only what is edited is written anew."""

from pathlib import Path

from bench.synthetic import Size, write_app


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_an_app_has_its_packages_and_programs_that_use_them_all(tmp_path: Path) -> None:
    write_app(tmp_path, Size(3, 2), edit=0, everywhere=True)

    files = contents(tmp_path)
    programs = [text for name, text in files.items() if name.startswith("cmd/")]
    assert sorted(files) == [
        "cmd/c00/main.go",
        "cmd/c01/main.go",
        "go.mod",
        "internal/p0000/p.go",
        "internal/p0001/p.go",
        "internal/p0002/p.go",
    ]
    assert all(text.count("/internal/p") == 3 for text in programs)


def test_an_edit_changes_one_file_or_all_packages(tmp_path: Path) -> None:
    write_app(tmp_path, Size(3, 2), edit=0, everywhere=True)
    first = contents(tmp_path)

    write_app(tmp_path, Size(3, 2), edit=1, everywhere=False)
    one = contents(tmp_path)
    write_app(tmp_path, Size(3, 2), edit=2, everywhere=True)
    everywhere = contents(tmp_path)

    assert [name for name in first if first[name] != one[name]] == ["internal/p0000/p.go"]
    changed = sorted(name for name in first if first[name] != everywhere[name])
    assert changed == [f"internal/p000{number}/p.go" for number in range(3)]


def test_a_file_that_stays_as_it_is_is_not_written(tmp_path: Path) -> None:
    write_app(tmp_path, Size(2, 1), edit=0, everywhere=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.go")}

    write_app(tmp_path, Size(2, 1), edit=0, everywhere=True)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.go")} == before
