import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import sumfile
from gobp.golang.dirhash import go_mod_hash, hash1
from gobp.golang.sumfile import SumLine
from tests.golang.conftest import Go

# A small module that never changes.
MODULE = "rsc.io/quote@v1.5.2"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1)
files = st.dictionaries(names, st.binary().map(lambda data: hashlib.sha256(data).hexdigest()))


@pytest.fixture(scope="session")
def downloaded(go: Go, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `go mod download` says of a real module."""
    directory = tmp_path_factory.mktemp("download")
    result = go.run("mod", "download", "-json", MODULE, cwd=directory, GOFLAGS="-mod=mod")
    if result.returncode:
        pytest.skip("there is no module proxy to download from")
    answer: dict[str, str] = json.loads(result.stdout)
    return answer


def test_the_hash_of_a_real_module_is_the_one_that_go_computes(downloaded: dict[str, str]) -> None:
    with zipfile.ZipFile(downloaded["Zip"]) as archive:
        found = hash1(
            (name, hashlib.sha256(archive.read(name)).hexdigest()) for name in archive.namelist()
        )

    assert found == downloaded["Sum"]


def test_the_hash_of_a_real_go_mod_is_the_one_that_go_computes(downloaded: dict[str, str]) -> None:
    assert go_mod_hash(Path(downloaded["GoMod"]).read_bytes()) == downloaded["GoModSum"]


@given(files)
def test_the_order_of_the_files_does_not_matter(content: dict[str, str]) -> None:
    assert hash1(content.items()) == hash1(sorted(content.items(), reverse=True))


def test_an_upper_case_digest_is_the_same_digest() -> None:
    assert hash1([("a", SHA256.upper())]) == hash1([("a", SHA256)])


def test_a_name_with_a_newline_is_refused() -> None:
    with pytest.raises(UserError, match="with a newline"):
        hash1([("a\nb", SHA256)])


def test_a_go_sum_file_is_read() -> None:
    text = "example.com/a v1.0.0 h1:aaa=\n\nexample.com/a v1.0.0/go.mod  h1:bbb=\r\n"

    lines = sumfile.parse(text, source="go.sum")

    assert lines == (
        SumLine("example.com/a", "v1.0.0", "h1:aaa="),
        SumLine("example.com/a", "v1.0.0/go.mod", "h1:bbb="),
    )
    assert str(lines[0]) == "example.com/a v1.0.0 h1:aaa="
    assert sumfile.hashes_of(lines, "example.com/a", "v1.0.0/go.mod") == ("h1:bbb=",)
    assert sumfile.hashes_of(lines, "example.com/a", "v1.0.1") == ()


def test_the_hash_of_an_absent_go_mod_is_passed_over_as_by_go() -> None:
    text = "example.com/a v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n"

    assert sumfile.parse(text, source="go.sum") == ()


def test_a_go_sum_line_with_other_than_three_fields_is_refused() -> None:
    with pytest.raises(UserError, match=r"^go\.sum:2: found 2 fields"):
        sumfile.parse("a v1 h1:x\na v1\n", source="go.sum")
