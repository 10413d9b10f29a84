import hashlib
from base64 import b64encode
from pathlib import Path

import pytest

from gobp.golang import sumdb
from gobp.golang.note import NoteError, Verifier, open_note
from gobp.golang.sumdb import SumDatabaseError, parse_gosumdb, verify_lookup
from tests.golang.conftest import DATA, Oracle

# Recorded from the real database: an answer, and the tiles that prove it.
RECORDED = DATA / "sumdb"
PATH, VERSION = "golang.org/toolchain", "v0.0.1-go1.27.0.linux-amd64"
HASH = "h1:fVts2HjYwzBWrJtkf1B9HRDAuCZcZLexWI6ZX6Ls/IU="
GO_MOD_HASH = "h1:8wlg68NqwW7eMnI1aABk/C2pDYXj8mrMY4TyRfiLeS0="

SEED = bytes(range(32))
NAME = "sum.example.com"


def real_verifier() -> Verifier:
    database = parse_gosumdb("")
    assert database is not None
    return database.verifier


def real_response() -> bytes:
    return (RECORDED / sumdb.lookup_path(PATH, VERSION)).read_bytes()


def real_tile(path: str) -> bytes:
    return (RECORDED / path).read_bytes()


def verifier_key(public_key: bytes, name: str = NAME) -> str:
    key = b"\x01" + public_key
    key_hash = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{key_hash}+{b64encode(key).decode()}"


def signed(oracle: Oracle, text: str) -> tuple[Verifier, str]:
    """Return a note that the real Ed25519 of Go has signed, and the key to verify it."""
    public_key, signature = map(str, oracle.ask("sign", SEED.hex(), text.encode().hex()))
    verifier = Verifier.parse(verifier_key(bytes.fromhex(public_key)))
    encoded = b64encode(verifier.key_hash + bytes.fromhex(signature)).decode()
    return verifier, f"{text}\n\N{EM DASH} {NAME} {encoded}\n"


def test_a_recorded_answer_of_the_real_database_is_proven() -> None:
    lines = verify_lookup(real_response(), verifier=real_verifier(), read_tile=real_tile)

    assert lines == (
        f"{PATH} {VERSION} {HASH}",
        f"{PATH} {VERSION}/go.mod {GO_MOD_HASH}",
    )
    assert sumdb.hash_of(lines, PATH, VERSION) == HASH
    assert sumdb.hash_of(lines, PATH, f"{VERSION}/go.mod") == GO_MOD_HASH


def test_lines_of_another_module_have_no_hash_for_the_one_asked_for() -> None:
    lines = verify_lookup(real_response(), verifier=real_verifier(), read_tile=real_tile)

    with pytest.raises(SumDatabaseError, match=r"has no hash for golang\.org/toolchain v0\.0\.2"):
        sumdb.hash_of(lines, PATH, "v0.0.2")


@pytest.mark.parametrize(
    ("genuine", "forged", "reason"),
    [
        (b"h1:fVts", b"h1:gVts", "the tiles do not lead from record 60251047"),
        (b"60251047\n", b"60251046\n", "the tiles do not lead from record 60251046"),
        (b"60251047\n", b"99999999\n", "is not in a tree of 66385784 records"),
        (b"\n66385784\n", b"\n66385785\n", "is not that of this note"),
        (b"\ndRgq", b"\neRgq", "is not that of this note"),
        (b"jgbQbR4", b"jgbQbR5", "is not that of this note"),
        (b"iX4cF0aBc", b"iX4cF0aBd", "is not that of this note"),
        (b"Az3grg", b"Az3grA", "is not signed by sum.golang.org"),
        (b" sum.golang.org Az3", b" sum.example.com Az3", "is not signed by sum.golang.org"),
        ("\N{EM DASH}".encode(), b"-", "no signature"),
        (b"go.sum database tree\n", b"go.sum database tree v2\n", "is not that of this note"),
        (b"60251047\n", b"", "is malformed"),
        (b"60251047\n", b"060251047\n", "is malformed"),
        (b"golang.org/toolchain", b"\x00", "is malformed"),
        (b"golang.org/toolchain", b"\xff", "is not text"),
        (b"\n\n", b"\n", "is malformed"),
    ],
)
def test_a_changed_answer_is_refused(genuine: bytes, forged: bytes, reason: str) -> None:
    response = real_response().replace(genuine, forged, 1)
    assert response != real_response()

    with pytest.raises(SumDatabaseError) as caught:
        verify_lookup(response, verifier=real_verifier(), read_tile=real_tile)

    assert reason in caught.value.detail


@pytest.mark.parametrize(
    "path", sorted(str(f.relative_to(RECORDED)) for f in RECORDED.glob("tile/**/*") if f.is_file())
)
def test_a_changed_tile_is_refused(path: str) -> None:
    def read_tile(asked: str) -> bytes:
        data = real_tile(asked)
        return bytes(byte ^ 1 for byte in data) if asked == path else data

    with pytest.raises(SumDatabaseError, match="cannot be trusted"):
        verify_lookup(real_response(), verifier=real_verifier(), read_tile=read_tile)


def test_the_answer_of_a_database_with_another_key_is_refused(oracle: Oracle) -> None:
    public_key = str(oracle.ask("sign", SEED.hex(), "")[0])
    other = Verifier.parse(verifier_key(bytes.fromhex(public_key), name="sum.golang.org"))

    with pytest.raises(SumDatabaseError) as caught:
        verify_lookup(real_response(), verifier=other, read_tile=real_tile)

    assert caught.value.detail == "the note is not signed by sum.golang.org"


@pytest.mark.parametrize(
    "text", ["go.sum database tree\n1\n", "tree\n1\naaaa\n", "go.sum database tree\n-1\naaaa\n"]
)
def test_a_signed_text_that_describes_no_tree_is_refused(oracle: Oracle, text: str) -> None:
    verifier, note = signed(oracle, text)

    with pytest.raises(SumDatabaseError):
        verify_lookup(f"0\nrecord\n\n{note}".encode(), verifier=verifier, read_tile=real_tile)


def test_a_log_of_one_record_is_proven_without_tiles(oracle: Oracle) -> None:
    record = "example.com/a v1.0.0 h1:x=\n"
    root = b64encode(hashlib.sha256(b"\x00" + record.encode()).digest()).decode()
    verifier, note = signed(oracle, f"go.sum database tree\n1\n{root}\nfor the future\n")

    lines = verify_lookup(
        f"0\n{record}\n{note}".encode(), verifier=verifier, read_tile=lambda _: b""
    )

    assert lines == (record.strip(),)


def test_the_signatures_of_other_keys_on_a_note_are_passed_over(oracle: Oracle) -> None:
    verifier, note = signed(oracle, "text\n")
    text, _, own = note.rpartition("\n\n")
    other = f"\N{EM DASH} other.example.com {b64encode(bytes(68)).decode()}\n"

    assert open_note(f"{text}\n\n{other}{own}{other}", verifier) == "text\n"


@pytest.mark.parametrize("note", ["", "text\n", "text\n\n", "text\n\nnot signed\n", "\n\n"])
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note, real_verifier())


def test_a_note_with_too_many_signatures_is_refused(oracle: Oracle) -> None:
    verifier, note = signed(oracle, "text\n")
    text, _, own = note.rpartition("\n\n")

    with pytest.raises(NoteError, match="more than 100 signatures"):
        open_note(f"{text}\n\n{own * 101}", verifier)


def test_gosumdb_off_is_no_database() -> None:
    assert parse_gosumdb("off") is None


@pytest.mark.parametrize(
    ("value", "name", "url"),
    [
        ("", "sum.golang.org", ""),
        ("sum.golang.org", "sum.golang.org", ""),
        (
            "sum.golang.org https://mirror.example.com",
            "sum.golang.org",
            "https://mirror.example.com",
        ),
        ("sum.golang.google.cn", "sum.golang.org", "https://sum.golang.google.cn"),
        (verifier_key(bytes(32)), NAME, ""),
        (
            f"{verifier_key(bytes(32), 'host.example.com/path')} file:///db",
            "host.example.com/path",
            "file:///db",
        ),
    ],
)
def test_gosumdb_names_a_database(value: str, name: str, url: str) -> None:
    database = parse_gosumdb(value)

    assert database is not None
    assert (database.name, database.url) == (name, url)


@pytest.mark.parametrize(
    "value",
    [
        "sum.example.com",
        "sum.golang.org a b",
        "sum.example.com+00000000+" + b64encode(b"\x01" + bytes(32)).decode(),
        verifier_key(bytes(31)),
        verifier_key(bytes(32), "host/../x?y"),
        verifier_key(bytes(32), "host.example.com/"),
        "sum.example.com+xyz+AAAA",
        "+033de0ae+Ac4zctda0e5eza",
    ],
)
def test_gosumdb_with_any_other_text_is_refused(value: str) -> None:
    with pytest.raises(SumDatabaseError, match=r"^GOSUMDB is "):
        parse_gosumdb(value)


def test_a_lookup_is_at_an_escaped_path() -> None:
    assert sumdb.lookup_path("github.com/Azure/sdk", "v1.0.0-RC") == (
        "lookup/github.com/!azure/sdk@v1.0.0-!r!c"
    )


def test_the_recorded_data_has_nothing_unused() -> None:
    read: set[Path] = {RECORDED / sumdb.lookup_path(PATH, VERSION)}

    def read_tile(path: str) -> bytes:
        read.add(RECORDED / path)
        return real_tile(path)

    verify_lookup(real_response(), verifier=real_verifier(), read_tile=read_tile)

    assert {file for file in RECORDED.rglob("*") if file.is_file()} == read
