import importlib.util
import subprocess
import sys
from pathlib import Path

from release import compiler


def run(*argv: str) -> str:
    return subprocess.run(
        [sys.executable, "-B", *argv], capture_output=True, text=True, check=True
    ).stdout


def test_sourceless_byte_code_runs_and_shows_the_name_it_was_given(tmp_path: Path) -> None:
    source = tmp_path / "pkg" / "a.py"
    source.parent.mkdir()
    source.write_text("def f(): pass\nprint(f.__code__.co_filename)\n")

    compiler.main(["sourceless", str(tmp_path), "gobp/", "pkg"])
    source.unlink()

    assert run(f"{source}c") == "gobp/pkg/a.py\n"


def test_byte_code_beside_a_source_is_used_until_the_source_is_edited(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("print('old')\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import a; print(a.__cached__)"

    compiler.main(["beside", str(tmp_path), "", "a.py"])
    first = run("-c", program)
    source.write_text("print('new')\n")

    assert first == f"old\n{importlib.util.cache_from_source(str(source))}\n"
    assert run("-c", program).startswith("new\n")


def test_byte_code_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("X = {'b', 'a'} == frozenset({'c', 'd'})\n")
    found = set()

    for _ in range(2):
        compiler.main(["sourceless", str(tmp_path), "", "."])
        found.add((tmp_path / "a.pyc").read_bytes())

    assert len(found) == 1
