"""The storage behind the trees, against a real S3 server."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from gobp.errors import UserError
from gobp.modproxy.fetching.backing import NoBacking
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Store
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.storage.bucket import open_bucket
from gobp.modproxy.storage.opening import check_backing, open_backing
from gobp.modproxy.storage.s3 import S3Backing
from gobp.modproxy.storage.uploads import Uploads
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.fetching.scripted import MODULE, file_of, info_of, zip_of
from tests.modproxy.storage.s3_server import SECRET_KEY, S3Server, s3_server

pytestmark = pytest.mark.slow

ZIP, MOD, INFO = (file_of(kind) for kind in (Kind.ZIP, Kind.MOD, Kind.INFO))
GO_MOD = f"module {MODULE}\n".encode()
LARGE = zip_of(data=os.urandom(9_000_000))
Act = Callable[["Node"], Awaitable[None]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as running:
        yield running


class Node:
    """The trees of one node, and what is behind them."""

    def __init__(self, server: S3Server, folder: Path, *, redirect_above: int = 0) -> None:
        folder.mkdir(exist_ok=True)
        settings = msgspec.convert(server.settings(folder), Store)
        self.trees = Trees.below(folder, durable=False)
        self.trees.prepare()
        self.uploads = Uploads(folder / "uploads")
        self.backing = S3Backing(
            open_bucket(settings, {}), self.trees, self.uploads, redirect_above=redirect_above
        )

    async def publish(self, file: ModuleFile, content: bytes) -> None:
        """Publish a file as the fetcher does."""
        tree = self.trees.public
        self.backing.expect(file, tree)
        with tree.new_file() as temporary:
            temporary.write_bytes(content)
            if file.kind is Kind.ZIP:
                tree.publish_zip(temporary, file, zip_hash(temporary, file))
            else:
                tree.publish(temporary, tree.path_of(file))
        await self.backing.store(file, tree)


def with_nodes(server: S3Server, folder: Path, *acts: Act, redirect_above: int = 0) -> None:
    """Let each act be at a node of its own, one after another."""

    async def run() -> None:
        for number, act in enumerate(acts):
            node = Node(server, folder / f"node{number}", redirect_above=redirect_above)
            await act(node)
            await node.backing.close()

    asyncio.run(run())


@pytest.mark.parametrize("content", [zip_of(), LARGE], ids=["small", "large"])
def test_what_one_node_stores_another_loads(
    tmp_path: Path, server: S3Server, content: bytes
) -> None:
    async def store(node: Node) -> None:
        await node.publish(ZIP, content)
        await node.publish(MOD, GO_MOD)
        await node.publish(INFO, info_of("v1.0.0").content)
        assert list(node.uploads.noted()) == []

    async def load(node: Node) -> None:
        tree = node.trees.public
        assert not await node.backing.load(file_of(Kind.MOD, "v1.1.0"), tree)
        assert not await node.backing.load(ZIP, node.trees.private)
        for file, expected in ((ZIP, content), (MOD, GO_MOD), (INFO, info_of("v1.0.0").content)):
            assert await node.backing.load(file, tree)
            assert tree.path_of(file).read_bytes() == expected
        assert tree.pinned_hash(MODULE, "v1.0.0") == zip_hash(tree.path_of(ZIP), ZIP)
        assert await node.backing.versions(MODULE, tree) == ("v1.0.0",)
        assert await node.backing.versions(MODULE, node.trees.published) == ()

    with_nodes(server, tmp_path, store, load)
    folder = "public/example.com/!team/m/@v/v1.0.0"
    assert server.stored() == {f"{folder}.{end}" for end in ("zip", "ziphash", "mod", "info")}


def test_the_first_node_decides_what_a_version_is(
    tmp_path: Path, server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def first(node: Node) -> None:
        await node.publish(ZIP, zip_of())
        await node.publish(MOD, GO_MOD)

    async def second(node: Node) -> None:
        with caplog.at_level(logging.ERROR):
            await node.publish(ZIP, zip_of(data=b"other"))
            await node.publish(MOD, GO_MOD + b"// other\n")
        assert list(node.uploads.noted()) == []
        tree = node.trees.public
        tree.path_of(ZIP).unlink()
        with pytest.raises(UnavailableError, match="has changed"):
            await node.backing.load(ZIP, tree)

    with_nodes(server, tmp_path, first, second)
    assert caplog.text.count("with other content than here") == 2
    stored = server.objects / "go" / "public" / ZIP.path
    assert stored.read_bytes() == zip_of()


def test_a_damaged_object_is_not_published(
    tmp_path: Path, server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def store(node: Node) -> None:
        await node.publish(ZIP, zip_of())
        stored = server.objects / "go" / "public" / ZIP.path
        stored.write_bytes(zip_of(data=b"damaged"))

    async def load(node: Node) -> None:
        assert not await node.backing.load(ZIP, node.trees.public)
        assert node.trees.public.find(ZIP) is None

    with_nodes(server, tmp_path, store, load)
    assert "is damaged" in caplog.text


def test_storage_that_is_down_is_trouble_and_what_was_noted_is_stored_later(
    tmp_path: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gobp.modproxy.storage.bucket._SECONDS_DOWN", 0)

    async def act(node: Node) -> None:
        server.stop()
        with pytest.raises(UnavailableError) as trouble:
            await node.backing.load(ZIP, node.trees.public)
        assert trouble.value.status == 503
        with pytest.raises(UnavailableError):
            await node.backing.versions(MODULE, node.trees.public)
        await node.publish(MOD, GO_MOD)
        assert len(list(node.uploads.noted())) == 1

    async def later(node: Node) -> None:
        server.start()
        earlier = Node(server, tmp_path / "node0")  # as after a restart
        earlier.backing.start()
        for _ in range(200):
            await asyncio.sleep(0.05)
            if not list(earlier.uploads.noted()):
                break
        await earlier.backing.close()
        assert await node.backing.load(MOD, node.trees.public)

    with_nodes(server, tmp_path, act, later)


@pytest.mark.parametrize("wrong", [{"url": "s3://no-such-bucket"}, {"access_key_file": ""}])
def test_a_bucket_or_user_that_is_not_there_is_trouble(
    tmp_path: Path, server: S3Server, wrong: dict[str, str]
) -> None:
    bucket = open_bucket(
        msgspec.convert({**server.settings(tmp_path), **wrong}, Store),
        {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"},
    )
    with pytest.raises(UnavailableError):
        asyncio.run(bucket.read("public/x", most=10))


def test_large_zips_are_given_by_the_storage_itself(tmp_path: Path, server: S3Server) -> None:
    async def act(node: Node) -> None:
        assert await node.backing.url(file_of(Kind.ZIP, "v9.0.0"), node.trees.public) == ""
        await node.publish(MOD, GO_MOD)
        assert await node.backing.url(MOD, node.trees.public) == ""
        await node.publish(ZIP, LARGE)
        url = await node.backing.url(ZIP, node.trees.public)
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert await answer.read() == LARGE
        small = file_of(Kind.ZIP, "v1.1.0")
        await node.publish(small, zip_of("v1.1.0"))
        assert await node.backing.url(small, node.trees.public) == ""

    with_nodes(server, tmp_path, act, redirect_above=1_000_000)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "https://bucket"}, "names no bucket"),
        ({"endpoint": "http://s3.example"}, "is not https"),
        ({"access_key_file": "/nowhere/keys"}, "cannot be read"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_asked(wrong: dict[str, str], said: str) -> None:
    settings = msgspec.convert({"url": "s3://bucket/prefix", **wrong}, Store)
    with pytest.raises(UserError, match=said):
        check_backing(settings, {})


def test_a_file_of_keys_has_two_words(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(SECRET_KEY)
    settings = Store(url="s3://bucket", access_key_file=str(keys))
    with pytest.raises(UserError, match="has 1 words") as told:
        check_backing(settings, {})
    assert SECRET_KEY not in str(told.value)


def test_without_a_url_there_is_only_the_disk(tmp_path: Path) -> None:
    assert isinstance(open_backing(Store(), Trees.below(tmp_path), {}), NoBacking)
