"""Tests of what gobp get is made of, without a server."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.client.events import Event, parse_events
from gobp.buildservice.client.screen import PlainScreen, RichScreen
from gobp.buildservice.client.server import Offer, Server
from gobp.buildservice.client.unpacking import unpack_programs
from gobp.buildservice.client.wanted import parse_wanted, this_processor, this_system
from gobp.errors import UserError

pytestmark = pytest.mark.slow  # real tools and servers

TEXT = st.text(st.characters(exclude_categories=("C", "Z")))


@given(st.lists(st.tuples(st.text("abcde", min_size=1), st.lists(TEXT, min_size=1))))
def test_events_survive_their_lines(sent: list[tuple[str, list[str]]]) -> None:
    lines: list[str] = [": sign of life", ""]
    for kind, data in sent:
        lines += [f"event: {kind}", "id: 7", *(f"data: {part}" for part in data), ""]

    events = list(parse_events(lines))

    assert events == [Event(kind, "\n".join(data)) for kind, data in sent]


def test_an_event_that_was_cut_off_is_none() -> None:
    assert list(parse_events(["event: line", "data: 1", "", "event: line", "data: 2"])) == [
        Event("line", "1")
    ]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("rakyll/hey@v1", "/get/github.com/rakyll/hey@v1/linux/arm?variant=7"),
        ("rakyll/hey", "/get/github.com/rakyll/hey@latest/linux/arm?variant=7"),
        ("filippo.io/age@v1", "/get/filippo.io/age@v1/linux/arm?variant=7"),
        ("git:8443/a/b/c@cmd/v1.0", "/get/git:8443/a/b/c@cmd/v1.0/linux/arm?variant=7"),
    ],
)
def test_a_program_is_found_at_the_server(text: str, url: str) -> None:
    assert parse_wanted(text, "", "linux", "arm/7").url("https://x/y") == f"https://x/y{url}"


@pytest.mark.parametrize("text", ["", "a b/c@v1", "a/b@-v1", "a/b@v1@v2", "../..@v1", "a/../b"])
def test_what_is_no_program_is_refused_before_it_is_asked_for(text: str) -> None:
    with pytest.raises(UserError, match="is no name of a"):
        parse_wanted(text, "", "linux", "amd64")


def test_this_machine_has_names_of_go() -> None:
    assert [this_system(name) for name in ("linux", "win32", "darwin", "freebsd14")] == [
        "linux",
        "windows",
        "darwin",
        "freebsd",
    ]
    assert this_processor() in {"amd64", "arm64", "386", "arm", "riscv64", "loong64"}


def test_an_offer_is_what_the_lines_say() -> None:
    text = "state succeeded\nurl https://x/a b\nsize 12\ntext \nunknown thing\n"

    assert Offer.parse(text) == Offer("succeeded", url="https://x/a b", size=12, text="")
    assert Offer.parse("<html>") is None


@pytest.mark.parametrize(
    ("url", "token"), [("ftp://x", ""), ("x", ""), ("https://u:p@x", ""), ("http://x.example", "t")]
)
def test_a_token_is_never_sent_where_others_could_read_it(url: str, token: str) -> None:
    with pytest.raises(UserError) as raised:
        Server(url, token, {})

    assert "u:p" not in str(raised.value)


def archive(file: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(file, "w:gz") as content:
        for member in members:
            content.addfile(member, io.BytesIO(b"x" * member.size))
    return file


def member(
    name: str, mode: int = 0o755, size: int = 3, kind: bytes = tarfile.REGTYPE
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.size, info.type = mode, size, kind
    return info


def test_programs_are_put_into_the_folder_and_nothing_else(tmp_path: Path) -> None:
    file = archive(
        tmp_path / "a",
        member("dist/b"),
        member("a"),
        member("README", 0o644),
        member("c.exe", 0o644),
    )

    programs = unpack_programs(file, tmp_path / "out")

    assert [program.name for program in programs] == ["a", "b", "c.exe"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b", "c.exe"]
    assert programs[0].stat().st_mode & 0o777 == 0o755


def test_a_program_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    unpack_programs(archive(tmp_path / "x", member("a")), tmp_path)

    assert (tmp_path / "a").read_text() == "xxx"


def test_nothing_gets_out_of_the_folder(tmp_path: Path) -> None:
    link = member("link", kind=tarfile.SYMTYPE, size=0)
    link.linkname = "/etc/passwd"
    file = archive(tmp_path / "x", member("../../a"), member("/etc/b"), link)

    programs = unpack_programs(file, tmp_path / "out" / "deep")

    assert programs == [tmp_path / "out/deep/a", tmp_path / "out/deep/b"]


@pytest.mark.parametrize(
    "members",
    [
        [member("README", 0o644)],
        [member("x/a"), member("y/a")],
        [member("a\\b")],
        [member("a\nb")],
        [],
    ],
)
def test_an_archive_that_is_odd_is_refused_whole(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    with pytest.raises(UserError, match="cannot be taken apart"):
        unpack_programs(archive(tmp_path / "x", *members), tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x1f\x8b not really")

    with pytest.raises(UserError, match="cannot be taken apart"):
        unpack_programs(tmp_path / "x", tmp_path)


def test_lines_of_logs_bring_no_codes_to_a_plain_screen() -> None:
    out = io.StringIO()
    screen = PlainScreen(out, logs=True)

    screen.line("\x1b[31mred\x1b]0;title\x07 \x1b[2Jtext", "output")

    assert out.getvalue() == "  red0;title text\n".replace("red0", "red]0")


def test_colours_of_logs_come_to_a_terminal_and_no_other_codes() -> None:
    out = io.StringIO()
    screen = RichScreen(out, logs=True)
    screen._console._force_terminal = True  # as if it were one

    screen.line("\x1b[31mred\x1b[2J [bold]text", "output")
    with screen.downloading("a[b].tar.gz", 100) as progress:
        progress(100)

    assert "\x1b[2J" not in out.getvalue()
    assert "red" in out.getvalue()
    assert "[bold]text" in out.getvalue()
    assert "a[b].tar.gz" in out.getvalue()


def test_logs_are_left_out_for_who_wants_quiet() -> None:
    out = io.StringIO()

    PlainScreen(out, logs=False).line("noise", "output")

    assert out.getvalue() == ""
