"""gobp verify: whether a file is what a build service built, and of what."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from gobp.buildservice.proof.envelope import EnvelopeError, public_keys
from gobp.buildservice.proof.verifying import Provenance, read_provenance
from gobp.errors import UserError
from gobp.system.fetch import HttpFetcher, sha256_of
from gobp.system.netrc import THIS_MACHINE

_ENDING = ".intoto.jsonl"
_MOST = 16 * 1024 * 1024  # bytes of a provenance
_URLS = ("https://", "http://")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--provenance",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"What was downloaded beside FILE; FILE{_ENDING} unless given.",
)
@click.option(
    "--key",
    required=True,
    metavar="FILE|URL",
    envvar="GOBP_VERIFY_KEY",
    help="Public key of the build service, in PEM; it has it at /keys. [env: GOBP_VERIFY_KEY]",
)
@click.option("--source", default="", help="Where FILE must be from, as github.com/owner/repo.")
@click.option("--builder", default="", metavar="URI", help="Who must have built it.")
def verify(file: Path, *, provenance: Path | None, key: str, source: str, builder: str) -> None:
    """Check that FILE is what a build service built, and show of what.

    FILE is an archive, a bill of materials, or a program that was in an archive.

    \b
    Example:
      gobp verify hey_linux_amd64.tar.gz --key https://builds.example/keys
    """  # noqa: D301 # click reads the character
    path = provenance or file.with_name(f"{file.name}{_ENDING}")
    said = _believed(path, key)
    _check(file, said, path)
    _expect("source", source, _plain(said.source), of=file)
    _expect("builder", builder, said.builder, of=file)
    for line in _lines(file, said):
        click.echo(_printable(line))


def _believed(path: Path, key: str) -> Provenance:
    """Return what a provenance says, if it is signed by the key. Raises UserError."""
    text = _text(path)
    keys = public_keys(_key_text(key))
    if not keys:
        raise UserError(
            f"{key} has no public ed25519 key in PEM",
            remedy="name the file, or the URL below the build service, that has it: .../keys.",
        )
    try:
        return read_provenance(text, keys)
    except EnvelopeError as error:
        raise UserError(
            f"{path}: {error}",
            remedy="do not trust the file. Look whether the key is that of the service which it"
            " should be from, and whether the provenance was downloaded whole.",
        ) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(
            f"the provenance {path} cannot be read: {error.strerror}",
            remedy="download it from beside the file, and name it by --provenance.",
        ) from None


def _key_text(key: str) -> str:
    if key.startswith(_URLS):
        _check_private(key)
        return HttpFetcher(os.environ).read(key).decode("utf-8", "replace")
    try:
        return Path(key).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(
            f"the key {key} cannot be read: {error.strerror}",
            remedy="name a file with the public key of the build service, or the URL of its /keys.",
        ) from None


def _check_private(url: str) -> None:
    """Raise UserError for a URL whose answer others on the way could change."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise UserError(
            f"{url} is not https: whoever is on the way could give another key",
            remedy="use https, or get the key in another way and name its file.",
        )


def _check(file: Path, said: Provenance, path: Path) -> None:
    digest = sha256_of(file)
    if digest not in said.files:
        names = ", ".join(sorted(said.files.values())[:5])
        raise UserError(
            f"{file} is not what {path} is for",
            detail=_printable(f"sha256 {digest}; it is for {names}"),
            remedy="do not trust the file: it was changed, or is of another build. Download it"
            " and its provenance again.",
        )


def _expect(what: str, wanted: str, found: str, *, of: Path) -> None:
    if wanted and wanted != found:
        raise UserError(
            _printable(f"{of} has another {what} than it should: {found}"),
            remedy=f"do not use it where {wanted} is expected.",
        )


def _printable(text: str) -> str:
    """Return a text without what could steer a terminal: names in it are of those who built."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _plain(uri: str) -> str:
    """Return a source as people write it: without scheme, type and version."""
    path = uri.removeprefix("git+https://").removeprefix("pkg:golang/").partition("@")[0]
    return unquote(path)


def _lines(file: Path, said: Provenance) -> Iterator[str]:
    yield f"{file}: verified"
    yield f"  built      {said.finished} by {said.builder}, build {said.build}"
    yield f"  of         {_plain(said.source)} {said.version} ({said.digest})"
    yield f"  for        {said.target}, by Go {said.go} with {said.modules} modules fetched"
    yield f"  sandbox    {said.sandbox}"
