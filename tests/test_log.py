"""gobp.log: levels, debug lines, masking."""

import io

from hypothesis import given
from hypothesis import strategies as st

from gobp.log import BuildLog


def test_each_level_has_its_own_indentation() -> None:
    stream = io.StringIO()
    log = BuildLog(stream)

    log.title("title")
    log.process("process")
    log.subprocess("subprocess")
    log.action("action")
    log.detail("detail")
    log.warning("look out")
    log.gap()

    assert stream.getvalue() == (
        "title\n  process\n    subprocess\n      action\n        detail\n  Warning: look out\n\n"
    )


def test_warnings_are_kept_and_texts_are_masked_on_request() -> None:
    log = BuildLog(io.StringIO())
    log.mask(["hunter2"])

    log.warning("look out")

    assert log.warnings == ["look out"]
    assert log.masked("it is hunter2") == "it is ***"


def test_every_line_of_a_text_is_indented_and_none_ends_in_spaces() -> None:
    stream = io.StringIO()

    BuildLog(stream).process("one\n\ntwo  ")

    assert stream.getvalue() == "  one\n\n  two\n"


def test_debug_lines_are_written_only_when_asked_for() -> None:
    quiet, loud = io.StringIO(), io.StringIO()

    BuildLog(quiet).debug("inside")
    BuildLog(loud, debug=True).debug("inside")

    assert (quiet.getvalue(), loud.getvalue()) == ("", "  inside\n")


def test_a_secret_within_a_longer_secret_shows_nothing_of_either() -> None:
    stream = io.StringIO()
    log = BuildLog(stream)

    log.mask(["pass", "password1", ""])
    log.action("curl -u me:password1 pass")

    assert stream.getvalue() == "      curl -u me:*** ***\n"


def test_what_is_masked_stays_masked_when_more_is() -> None:
    stream = io.StringIO()
    log = BuildLog(stream)

    log.mask(["one"])
    log.mask(["two"])
    log.title("one two three")

    assert stream.getvalue() == "*** *** three\n"


@given(st.text("abc", min_size=2), st.text("abcxyz \n"))
def test_a_masked_secret_is_never_written(secret: str, text: str) -> None:
    stream = io.StringIO()
    log = BuildLog(stream)

    log.mask([secret])
    log.process(text + secret + text)

    assert secret not in stream.getvalue().replace("***", "\0")
