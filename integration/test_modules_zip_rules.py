"""The cases of golang.org/x/mod/zip itself, and the zips that are in this machine's cache."""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.golang.dirhash import hash1
from gobp.golang.module import check_path, unescape_path, unescape_version
from gobp.golang.modzip import RepositoryFile, choose_files
from gobp.modproxy.protocol.requests import Kind, ModuleFile, is_canonical
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.tree.zip_check import zip_hash

X_MOD = "golang.org/x/mod@v0.35.0"


@pytest.fixture(scope="module")
def cases() -> Path:
    """Return the folder of the cases of x/mod, which the go command downloads."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", X_MOD], capture_output=True, cwd="/", check=False
    )
    if done.returncode:
        pytest.skip(f"{X_MOD} cannot be downloaded: {done.stdout.decode()}")
    return Path(json.loads(done.stdout)["Dir"]) / "zip/testdata"


def read_txtar(path: Path) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the comment of an archive and its files (golang.org/x/tools/txtar)."""
    comment, files, current = [], list[tuple[str, list[bytes]]](), None
    for line in path.read_bytes().splitlines(keepends=True):
        if line.startswith(b"-- ") and line.rstrip().endswith(b" --"):
            current = list[bytes]()
            files.append((line.rstrip()[3:-3].decode().strip(), current))
        elif current is None:
            comment.append(line.decode("utf-8", "surrogateescape"))
        else:
            current.append(line)
    return "".join(comment), [(name, b"".join(lines)) for name, lines in files]


def settings_of(comment: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in comment.splitlines() if "=" in line)


def wanted(text: bytes) -> dict[str, set[str]]:
    """Return the names below the headings valid, omitted and invalid."""
    found: dict[str, set[str]] = {}
    names = set[str]()
    for line in text.decode().splitlines():
        if line in {"valid:", "omitted:", "invalid:"}:
            names = found[line[:-1]] = set()
        elif line:
            names.add(line.split(": ")[0])
    return found


def is_module(settings: dict[str, str]) -> bool:
    """Say whether a case has a path and version that ever get as far as a zip."""
    try:
        check_path(settings["path"])
    except UserError:
        return False
    return is_canonical(settings["path"], settings["version"])


def test_files_are_chosen_as_by_x_mod(cases: Path) -> None:
    archives = sorted(cases.glob("check_files/*.txt"))
    for archive in archives:
        files = read_txtar(archive)[1]
        want = wanted(dict(files)["want"])
        kept = [(name, content) for name, content in files if name != "want"]
        go_mod = dict(kept).get("go.mod", b"").decode()

        verdict = choose_files([RepositoryFile(name, len(text)) for name, text in kept], go_mod)

        assert set(verdict.valid) == want["valid"], archive
        assert {misfit.path for misfit in verdict.omitted} == want["omitted"], archive
        assert {misfit.path for misfit in verdict.invalid} == want["invalid"], archive
    assert len(archives) >= 4


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("folder", ["create", "unzip"])
def test_zips_are_judged_and_hashed_as_by_x_mod(cases: Path, tmp_path: Path, folder: str) -> None:
    judged = 0
    for archive in sorted((cases / folder).glob("*.txt")):
        comment, files = read_txtar(archive)
        settings = settings_of(comment)
        if is_module(settings):
            judged += 1
            found = created(settings, files) if folder == "create" else ("", files)
            verdict = found[0] or hash_of(tmp_path / archive.stem, settings, found[1])
            assert verdict == settings.get("hash", "refused"), archive
    assert judged >= 10


def created(
    settings: dict[str, str], files: list[tuple[str, bytes]]
) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the files that a zip is made of, or why it is not."""
    go_mod = dict(files).get("go.mod", b"").decode()
    verdict = choose_files([RepositoryFile(name, len(text)) for name, text in files], go_mod)
    prefix = f"{settings['path']}@{settings['version']}/"
    chosen = [(prefix + name, text) for name, text in files if name in verdict.valid]
    return ("refused" if verdict.problem else ""), chosen


def hash_of(path: Path, settings: dict[str, str], files: list[tuple[str, bytes]]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    try:
        return zip_hash(path, ModuleFile(settings["path"], settings["version"], Kind.ZIP))
    except UnavailableError:
        return "refused"


def cached_zips() -> Iterator[tuple[Path, ModuleFile]]:
    folder = subprocess.run(
        ["go", "env", "GOMODCACHE"], capture_output=True, check=True, text=True
    ).stdout.strip()
    root = Path(folder) / "cache/download"
    for path in sorted(root.rglob("@v/*.zip"), key=lambda path: path.stat().st_size)[:200]:
        module = unescape_path(path.parent.parent.relative_to(root).as_posix())
        yield path, ModuleFile(module, unescape_version(path.stem), Kind.ZIP)


def test_zips_of_the_module_cache_have_the_hashes_that_go_found() -> None:
    for path, file in cached_zips():
        assert zip_hash(path, file) == path.with_suffix(".ziphash").read_text().strip()


def test_a_hash_is_that_of_its_files() -> None:
    for path, file in list(cached_zips())[:20]:
        with zipfile.ZipFile(path) as archive:
            sums = [(n, hashlib.sha256(archive.read(n)).hexdigest()) for n in archive.namelist()]
        assert zip_hash(path, file) == hash1(sums)
