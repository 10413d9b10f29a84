import subprocess
import sys
from pathlib import Path

import pytest

from gobp.buildservice.proof.keys import SigningKey
from gobp.buildservice.settings.schema import Proof
from gobp.errors import UserError


def openssl(*arguments: str) -> str:
    return subprocess.run(
        ["openssl", *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_a_key_is_made_once_and_is_its_users_alone(tmp_path: Path) -> None:
    root = tmp_path / "new" / "root"

    first, second = SigningKey.open(Proof(), root), SigningKey.open(Proof(), root)

    assert first.public_pem == second.public_pem
    assert (root / "provenance.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in root.iterdir()] == ["provenance.key"]


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from gobp.buildservice.proof.keys import SigningKey;"
        "from gobp.buildservice.settings.schema import Proof;"
        "sys.stdin.read(); print(SigningKey.open(Proof(), Path(sys.argv[1])).id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "root")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    ids = {process.communicate()[0] for process in processes}

    assert len(ids) == 1
    assert len(ids.pop().strip()) == 64


def test_a_key_of_openssl_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", str(file))

    key = SigningKey.open(Proof(key_file=str(file)), tmp_path)

    assert key.public_pem == openssl("pkey", "-in", str(file), "-pubout")
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (("-algorithm", "rsa"), "is no ed25519 key"),
        (("-algorithm", "ed25519", "-aes256", "-pass", "pass:x"), "is no private key"),
    ],
)
def test_another_key_is_refused_with_how_to_make_one(
    tmp_path: Path, kind: tuple[str, ...], why: str
) -> None:
    file = tmp_path / "key.pem"
    openssl("genpkey", *kind, "-out", str(file))

    with pytest.raises(UserError, match=why) as raised:
        SigningKey.open(Proof(key_file=str(file)), tmp_path)

    assert "openssl genpkey -algorithm ed25519" in raised.value.remedy


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xfe"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)

    with pytest.raises(UserError, match="is no private key in PEM"):
        SigningKey.open(Proof(key_file=str(tmp_path / "key.pem")), tmp_path)


def test_a_missing_key_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        SigningKey.open(Proof(key_file=str(tmp_path / "none")), tmp_path)
