import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.modproxy.storage.uploads import Uploads

KEY = "public/example.com/!team/m/@v/v1.0.0.zip"


def test_what_is_noted_is_noted_for_every_process_until_it_is_done(tmp_path: Path) -> None:
    Uploads(tmp_path).note(KEY)
    Uploads(tmp_path).note(KEY)

    assert list(Uploads(tmp_path).noted()) == [KEY]

    Uploads(tmp_path).done(KEY)
    assert list(Uploads(tmp_path).noted()) == []
    assert os.listdir(tmp_path) == []  # noqa: PTH208 # whatever else may lie there


def test_only_one_works_on_a_key(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    uploads.note(KEY)
    with uploads.claimed(KEY) as first, Uploads(tmp_path).claimed(KEY) as second:
        assert (first, second) == (True, False)
    with uploads.claimed(KEY) as again:
        assert again
        uploads.done(KEY)
    with uploads.claimed(KEY) as gone:
        assert not gone


def test_a_file_that_was_expected_long_ago_will_not_come(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    uploads.note(KEY)
    assert not uploads.will_not_come(KEY)
    for note in tmp_path.iterdir():
        os.utime(note, (0, 0))
    assert uploads.will_not_come(KEY)


@settings(max_examples=15, deadline=None)  # each note waits for the disk
@given(keys=st.sets(st.text(st.characters(codec="ascii", exclude_characters="\r"), min_size=1)))
def test_every_key_is_noted_as_it_is(keys: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uploads = Uploads(Path(folder))
        for key in keys:
            uploads.note(key)
        assert set(uploads.noted()) == keys
