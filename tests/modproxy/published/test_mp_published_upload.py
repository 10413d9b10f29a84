"""Versions that are put by HTTP: what is taken, what is refused, and what is there then."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.published import upload
from gobp.modproxy.published.release import INFO_HEADER
from gobp.modproxy.published.upload import Upload
from gobp.modproxy.routing import Route
from gobp.modproxy.sources.source import Source
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.published.repositories import MODULE, version_files, zip_of

PATH = f"{version_folder(MODULE)}/v1.0.0.zip"
FILES = version_files("v1.0.0")


@dataclass
class Somebody:
    """Who may publish modules below a prefix."""

    name: str = "ci"
    prefix: str = "corp.example.com/"

    def may_publish(self, module: str) -> bool:
        return bool(self.prefix) and module.startswith(self.prefix)


class NoSource:
    """Is asked nothing."""

    name = "none"


@dataclass
class Rules:
    """Modules below corp.example.com are private; those of denied.example.com are not for us."""

    trees: Trees

    def route(self, module: str, version: str = "") -> Route | Answer:
        if module.startswith("denied."):
            return failure(403, "no")
        private = module.startswith("corp.")
        tree = self.trees.private if private else self.trees.public
        source: Source = NoSource()  # type: ignore[assignment] # it is never asked
        return Route(source, (self.trees.published, tree), private=private)


@dataclass
class Server:
    """What takes uploads, on trees of its own."""

    root: Path
    who: Somebody = field(default_factory=Somebody)
    seen: list[ModuleFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trees = Trees.below(self.root)
        self.trees.prepare()

    def put(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, *, times: int = 1
    ) -> list[Answer]:
        """Return the answers to the same PUT several times at once."""

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 100):
                yield body[start : start + 100]

        async def run() -> list[Answer]:
            upload = Upload(
                router=Rules(self.trees),
                flights=FileFlights(self.trees.private.locks),
                zip_hash=zip_hash,
                on_published=lambda file, *_: self.seen.append(file),
            )
            answers = (upload.answer(path, headers or {}, chunks(), self.who) for _ in range(times))
            return list(await asyncio.gather(*answers))

        return asyncio.run(run())

    def status(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        return self.put(path, body, headers)[0].status


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_version_that_is_put_is_in_the_private_tree(server: Server) -> None:
    info = b'{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z","Origin":{"VCS":"git"}}'

    status = server.status(PATH, FILES[PATH], {INFO_HEADER: info.decode()})

    private = server.trees.private
    assert status == 201
    assert private.path_of(ModuleFile(MODULE, "v1.0.0", Kind.INFO)).read_bytes() == info
    for path in FILES:
        if not path.endswith(".info"):
            assert (private.root / path).read_bytes() == FILES[path]
    assert private.listed(MODULE) == ("v1.0.0",)
    assert {file.kind for file in server.seen} == set(Kind)


def test_the_same_again_is_no_failure(server: Server) -> None:
    assert server.status(PATH, FILES[PATH]) == 201
    assert server.status(PATH, FILES[PATH]) == 200


def test_the_same_content_in_other_bytes_is_the_same(server: Server) -> None:
    server.put(PATH, FILES[PATH])
    import io  # noqa: PLC0415 # of this test alone
    import zipfile  # noqa: PLC0415 # as above

    with zipfile.ZipFile(io.BytesIO(FILES[PATH])) as archive:
        names = {name: archive.read(name) for name in reversed(archive.namelist())}

    assert server.status(PATH, zip_of(names)) == 200
    assert (server.trees.private.root / PATH).read_bytes() == FILES[PATH]


def test_another_content_is_refused_and_changes_nothing(server: Server) -> None:
    server.put(PATH, FILES[PATH])

    (answer,) = server.put(PATH, version_files("v1.0.0", text="changed")[PATH])

    assert answer.status == 409
    assert b"published already" in bytes(answer.body)  # type: ignore[arg-type] # it is bytes
    assert (server.trees.private.root / PATH).read_bytes() == FILES[PATH]


def test_what_the_git_repository_has_is_not_published_again(server: Server) -> None:
    for path, content in version_files("v1.0.0", text="of git").items():
        target = server.trees.published.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    assert server.status(PATH, FILES[PATH]) == 409


def test_of_many_at_once_one_is_the_first(server: Server) -> None:
    answers = server.put(PATH, FILES[PATH], times=8)

    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]


def test_a_put_that_was_cut_short_is_done_again(server: Server) -> None:
    """Of an upload that ended between the zip and the rest, the rest comes with the next one."""
    server.put(PATH, FILES[PATH])
    for kind in (Kind.MOD, Kind.INFO):
        server.trees.private.path_of(ModuleFile(MODULE, "v1.0.0", kind)).unlink()

    assert server.status(PATH, FILES[PATH]) == 201
    assert server.trees.private.versions(MODULE) == ("v1.0.0",)


def test_a_list_of_a_source_stays_as_old_as_it_was(server: Server) -> None:
    server.trees.private.write_list(MODULE, ("v0.9.0",))
    import os  # noqa: PLC0415 # of this test alone

    os.utime(server.trees.private.list_path(MODULE), (1000, 1000))

    server.put(PATH, FILES[PATH])

    assert server.trees.private.listed(MODULE) == ("v0.9.0", "v1.0.0")
    assert server.trees.private.list_path(MODULE).stat().st_mtime == 1000


OTHER = "public.example.com/lib"
BAD: dict[str, tuple[int, str, bytes, dict[str, str]]] = {
    "no path of the protocol": (404, "corp.example.com/Lib/@v/v1.0.0.zip", b"", {}),
    "a go.mod": (405, f"{MODULE}/@v/v1.0.0.mod", b"", {}),
    "a query": (405, f"{MODULE}/@v/main.info", b"", {}),
    "no zip": (422, PATH, b"not a zip", {}),
    "a zip of another version": (422, PATH, version_files("v1.0.1")[f"{MODULE}/@v/v1.0.1.zip"], {}),
    "a go.mod of another module": (
        422,
        PATH,
        zip_of({f"{MODULE}@v1.0.0/go.mod": b"module corp.example.com/other\n"}),
        {},
    ),
    "a go.mod that is none": (422, PATH, zip_of({f"{MODULE}@v1.0.0/go.mod": b"modul x\n"}), {}),
    "a pseudo-version": (
        422,
        f"{MODULE}/@v/v0.0.0-20260102030405-abcdefabcdef.zip",
        b"",
        {},
    ),
    "an info of another version": (422, PATH, FILES[PATH], {INFO_HEADER: '{"Version":"v1.0.1"}'}),
    "an info that is no JSON": (422, PATH, FILES[PATH], {INFO_HEADER: "v1.0.0"}),
    "too much, by its length": (413, PATH, b"", {"content-length": str(600 * 1024 * 1024)}),
}


@pytest.mark.parametrize(("status", "path", "body", "headers"), BAD.values(), ids=BAD.keys())
def test_what_is_no_version_is_refused_and_leaves_nothing(
    server: Server, status: int, path: str, body: bytes, headers: dict[str, str]
) -> None:
    assert server.status(path, body, headers) == status
    assert left_in(server) == []


def test_a_body_that_gets_too_large_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "MOST_ZIP_BYTES", 150)

    assert server.status(PATH, FILES[PATH]) == 413
    assert left_in(server) == []


@pytest.mark.parametrize(
    ("who", "module", "status"),
    [
        (Somebody(name="", prefix=""), MODULE, 401),
        (Somebody(prefix=""), MODULE, 403),
        (Somebody(prefix="corp.example.com/team/"), MODULE, 403),
        (Somebody(prefix="public.example.com/"), OTHER, 403),
        (Somebody(prefix="denied.example.com/"), "denied.example.com/lib", 403),
    ],
    ids=["nobody", "no grant", "another prefix", "a public module", "a rule against it"],
)
def test_who_may_not_is_told_so(server: Server, who: Somebody, module: str, status: int) -> None:
    server.who = who
    path = f"{module}/@v/v1.0.0.zip"

    assert server.status(path, version_files("v1.0.0", module=module)[path]) == status
    assert left_in(server) == []


def left_in(server: Server) -> list[Path]:
    """Return the files that uploads left in the trees."""
    return [path for path in server.root.rglob("*") if path.is_file() and "locks" not in path.parts]
