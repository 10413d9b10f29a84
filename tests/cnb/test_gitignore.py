import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.cnb.gitignore import matches

CASES = [
    ("*.md", "docs/a.md", True),
    ("*.md", "a.mdx", False),
    ("docs", "docs/a.md", True),
    ("docs", "x/docs/a.md", True),
    ("docs", "docs.go", False),
    ("docs/", "docs/a.md", True),
    ("docs/", "docs", False),
    ("/docs", "x/docs/a.md", False),
    ("a/b", "a/b", True),
    ("a/b", "x/a/b", False),
    ("a/*", "a/b/c", True),
    ("a*c", "a/c", False),
    ("**/b", "a/x/b", True),
    ("**/b", "b", True),
    ("a/**", "a/x/b", True),
    ("a/**", "a", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a**b", "a/b", False),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("[a-c]x", "bx", True),
    ("[!a-c]x", "bx", False),
    ("[^a-c]x", "dx", True),
    ("[]]x", "]x", True),
    (r"\!a", "!a", True),
    (r"\#a", "#a", True),
    ("#a", "#a", False),
    ("", "a", False),
    ("/", "a", False),
    ("a  ", "a", True),
    (r"a\ ", "a ", True),
    ("a.c", "abc", False),
    ("(a|b)", "a", False),
    ("a[", "a[", True),
    ("***/?", "a", True),
    ("a/***", "a/b/c", True),
]


@pytest.mark.parametrize(("pattern", "path", "answer"), CASES)
def test_a_pattern_matches_as_gits(pattern: str, path: str, answer: bool) -> None:  # noqa: FBT001 # a row of the table
    assert matches([pattern], path) is answer


def test_the_last_pattern_that_fits_decides() -> None:
    patterns = ["*.go", "!main.go", "cmd/main.go"]

    found = [matches(patterns, path) for path in ("a.go", "main.go", "cmd/main.go")]

    assert found == [True, False, True]


_parts = st.text("ab.*?!", min_size=1, max_size=3) | st.just("**")
patterns_ = st.builds(
    lambda parts, start, end: start + "/".join(parts) + end,
    st.lists(_parts, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
).filter(lambda pattern: not pattern.startswith("!"))
paths = st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=3).map("/".join)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(max_examples=60, deadline=None)
@given(pattern=patterns_, path=paths)
def test_git_itself_agrees(
    tmp_path_factory: pytest.TempPathFactory, pattern: str, path: str
) -> None:
    folder = _repository(tmp_path_factory)
    (folder / ".gitignore").write_text(f"{pattern}\n")

    done = subprocess.run(
        ["git", "check-ignore", "-q", "--no-index", path], cwd=folder, check=False
    )

    assert matches([pattern], path) is (done.returncode == 0)


def _repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "gitignore"
    if not folder.exists():
        folder.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder
