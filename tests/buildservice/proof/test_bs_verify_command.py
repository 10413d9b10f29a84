import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gobp.buildservice.proof.keys import SigningKey
from gobp.buildservice.settings.schema import Proof
from gobp.cli.verify import verify
from gobp.errors import UserError

FILE = b"the program"


def statement(**changes: Any) -> dict[str, Any]:
    given = {"uri": "git+https://git.example/o/r", "name": "hello", **changes}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [
            {"name": given["name"], "digest": {"sha256": hashlib.sha256(FILE).hexdigest()}}
        ],
        "predicate": {
            "buildDefinition": {
                "externalParameters": {
                    "target": {"goos": "linux", "goarch": "arm", "variant": "7"}
                },
                "internalParameters": {"go": "1.26.8", "sandbox": "none", "version": "v1.2.3"},
                "resolvedDependencies": [
                    {"uri": given["uri"], "digest": {"gitCommit": "ab"}},
                    {"uri": "pkg:golang/example.com/dep@v1.0.0"},
                ],
            },
            "runDetails": {
                "builder": {"id": given.get("builder", "urn:gobp:builds")},
                "metadata": {"invocationId": "7", "finishedOn": "2026-01-02T03:04:05Z"},
            },
        },
    }


def run(folder: Path, said: dict[str, Any], *arguments: str, content: bytes = FILE) -> str:
    """Return what the command prints for a file with this provenance. Raises what it raises."""
    key = SigningKey.open(Proof(), folder)
    (folder / "hello").write_bytes(content)
    (folder / "key.pem").write_text(key.public_pem)
    envelope = key.signed(json.dumps(said).encode())
    (folder / "hello.intoto.jsonl").write_text(json.dumps(envelope))
    options = ["--key", str(folder / "key.pem"), *arguments]
    done = CliRunner().invoke(verify, [str(folder / "hello"), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_it_tells_of_target_and_modules(tmp_path: Path) -> None:
    said = run(tmp_path, statement())

    assert "of         git.example/o/r v1.2.3 (gitCommit ab)" in said
    assert "for        linux/arm/7, by Go 1.26.8 with 1 modules fetched" in said
    assert "sandbox    none" in said


def test_the_key_can_be_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, statement())
    monkeypatch.setenv("GOBP_VERIFY_KEY", str(tmp_path / "key.pem"))

    done = CliRunner().invoke(verify, [str(tmp_path / "hello")], catch_exceptions=False)

    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("git+https://git.example:8443/o/r", "git.example:8443/o/r"),
        ("pkg:golang/filippo.io/age@v1.2.1", "filippo.io/age"),
        ("pkg:golang/example.com/c%2B%2B@v1.0.0", "example.com/c++"),
    ],
)
def test_a_source_is_expected_as_people_write_it(tmp_path: Path, uri: str, source: str) -> None:
    assert "verified" in run(tmp_path, statement(uri=uri), "--source", source)

    with pytest.raises(UserError, match="another source"):
        run(tmp_path, statement(uri=uri), "--source", f"{source}x")


@pytest.mark.parametrize("what", ["uri", "builder"])
def test_names_do_not_steer_the_terminal(tmp_path: Path, what: str) -> None:
    said = run(tmp_path, statement(**{what: "git+https://x/\x1b[2J\r\nhello: verified"}))

    assert "\x1b" not in said
    assert "\r" not in said
    assert said.count("\n") == 5


def test_names_in_errors_do_not_steer_it_either(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        run(tmp_path, statement(name="\x1b[2J"), content=b"another")

    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("part", ["subject", "predicate", "predicateType", "_type"])
def test_a_statement_of_something_else_is_refused(tmp_path: Path, part: str) -> None:
    said = statement()
    said[part] = "something else"

    with pytest.raises(UserError, match="no provenance that this gobp can read"):
        run(tmp_path, said)
