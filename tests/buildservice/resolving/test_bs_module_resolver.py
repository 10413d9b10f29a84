"""Orders of modules, resolved by the real go command at a proxy of files."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from gobp.buildservice.builds.order import ModuleSource, Order, Target
from gobp.buildservice.resolving.module_resolver import ModuleResolver
from gobp.buildservice.resolving.opening import open_resolver
from gobp.buildservice.resolving.resolver import NotResolvedError, Resolver
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.go_modules import open_modules
from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.serving.settings.values import Duration
from tests.buildservice.builds.module_files import MAIN, SECONDS, ModuleFiles

pytestmark = pytest.mark.slow  # real tools and servers

PSEUDO = "v1.3.1-0.20260102030405-abcdefabcdef"
COMMIT = "abcdefabcdef" + "0" * 28
PATH = "example.com/team/app"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> ModuleFiles:
    files = ModuleFiles(tmp_path_factory.mktemp("proxy") / "files")
    files.put(PATH, "v1.2.0")
    files.put(PATH, "v1.2.9")
    files.put(PATH, "v1.3.0", {"main.go": MAIN, "cmd/tool/main.go": MAIN, "docs/a.md": ""})
    files.put(PATH, PSEUDO)
    files.name(PATH, "main", PSEUDO)
    files.name(PATH, COMMIT, PSEUDO)
    files.put(f"{PATH}/v2", "v2.1.0", go="1.25.0")
    files.put("example.com/Old", "v0.1.0")
    return files


@pytest.fixture(scope="module")
def resolver(proxy: ModuleFiles, tmp_path_factory: pytest.TempPathFactory) -> Resolver:
    root = tmp_path_factory.mktemp("root")
    return open_resolver(settings(proxy.url, root), os.environ, "1.26.8")


def settings(proxies: str, root: Path, **sources: object) -> Settings:
    given = Sources(proxies=proxies, sums="off", resolve_timeout=Duration(20))
    return Settings(root=str(root), sources=msgspec.structs.replace(given, **sources))


def order(ref: str, path: str = PATH, **changes: object) -> Order:
    made = Order(source=ModuleSource(path), ref=ref, target=Target("linux", "amd64"))
    return msgspec.structs.replace(made, **changes)


def refusal(resolver: Resolver, asked: Order) -> tuple[int, str]:
    with pytest.raises(NotResolvedError) as caught:
        resolver.resolve(asked)
    return caught.value.status, caught.value.text


@pytest.mark.parametrize(
    ("ref", "version", "moving"),
    [
        ("v1.2.0", "v1.2.0", False),
        ("latest", "v1.3.0", True),
        ("v1", "v1.3.0", True),
        ("1.x", "v1.3.0", True),
        ("v1.2.x", "v1.2.9", True),
        ("v1.2", "v1.2.9", True),
        ("main", PSEUDO, True),
        (COMMIT, PSEUDO, False),
        (PSEUDO, PSEUDO, False),
    ],
)
def test_a_ref_stands_for_a_version(
    resolver: Resolver, ref: str, version: str, *, moving: bool
) -> None:
    _, pin = resolver.resolve(order(ref))
    assert (pin.version, pin.moving) == (version, moving)
    assert pin.time == SECONDS
    assert pin.h1.startswith("h1:")


def test_the_pin_has_the_hash_of_the_zip(proxy: ModuleFiles, tmp_path: Path) -> None:
    h1 = proxy.put("example.com/hashed", "v1.0.0")
    resolver = open_resolver(settings(proxy.url, tmp_path), os.environ, "1.26.8")
    assert resolver.resolve(order("v1.0.0", "example.com/hashed"))[1].h1 == h1


def test_the_path_of_a_package_is_settled_to_its_module(resolver: Resolver) -> None:
    settled, pin = resolver.resolve(order("latest", f"{PATH}/cmd/tool"))
    assert settled.source == ModuleSource(PATH)
    assert settled.package == "./cmd/tool"
    assert pin.version == "v1.3.0"


def test_a_version_two_settles_the_major_version_in_the_path(resolver: Resolver) -> None:
    settled, pin = resolver.resolve(order("v2.1.0"))
    assert settled.source == ModuleSource(f"{PATH}/v2")
    assert settled.package == ""
    assert pin.version == "v2.1.0"
    assert resolver.resolve(order("v2"))[0].source == settled.source
    assert resolver.resolve(order("v2.1.0", f"{PATH}/v2"))[0] == settled


def test_upper_case_letters_are_kept(resolver: Resolver) -> None:
    settled, _ = resolver.resolve(order("latest", "example.com/Old"))
    assert settled.source == ModuleSource("example.com/Old")


def test_a_folder_without_go_files_is_not_found(resolver: Resolver) -> None:
    assert refusal(resolver, order("v1.3.0", package="./docs"))[0] == 404
    status, text = refusal(resolver, order("v1.3.0", f"{PATH}/cmd/nope"))
    assert status == 404
    assert "no Go files in its folder ./cmd/nope" in text


def test_what_is_not_there_is_not_found(resolver: Resolver) -> None:
    status, text = refusal(resolver, order("v9.9.9"))
    assert status == 404
    assert f"{PATH}@v9.9.9 was not found" in text
    assert "file:" not in text
    assert refusal(resolver, order("latest", "example.com/nobody/nothing"))[0] == 404
    _, text = refusal(resolver, order("v1.9.x", f"{PATH}/cmd/tool"))
    assert f'module {PATH}: no matching versions for query "v1.9"' in text
    assert refusal(resolver, order("v1.2.3.4"))[0] == 404


@pytest.mark.parametrize("ref", ["upgrade", "patch", "none"])
def test_gos_other_words_are_no_versions(resolver: Resolver, ref: str) -> None:
    assert refusal(resolver, order(ref))[0] == 400


def test_a_go_version_that_is_too_old_for_the_module_is_refused(resolver: Resolver) -> None:
    status, text = refusal(resolver, order("v2.1.0", go="1.24.3"))
    assert status == 400
    assert "needs Go 1.25.0" in text


def test_a_line_of_the_default_go_version_is_that_version(resolver: Resolver) -> None:
    assert resolver.resolve(order("latest", go="1.26"))[0].go == "1.26.8"
    assert resolver.resolve(order("latest", go="go1.25.1"))[0].go == "1.25.1"
    assert resolver.resolve(order("latest"))[0].go == ""


def test_another_line_is_its_newest_release(proxy: ModuleFiles, tmp_path: Path) -> None:
    for version in ("1.30.1", "1.30.12"):
        proxy.put("golang.org/toolchain", f"v0.0.1-go{version}.linux-amd64")
    resolver = open_resolver(settings(proxy.url, tmp_path), os.environ, "1.26.8")
    assert resolver.resolve(order("latest", go="1.30"))[0].go == "1.30.12"
    assert refusal(resolver, order("latest", go="1.31"))[0] == 404


def test_only_what_the_settings_allow_is_built(proxy: ModuleFiles, tmp_path: Path) -> None:
    modules = open_modules(settings(proxy.url, tmp_path), os.environ, tmp_path)
    allowed = ModulePatterns.parse("example.com/team", source="test")
    resolver = ModuleResolver(modules, allowed, 20)
    assert resolver.resolve(order("v1.2.0"))[1].version == "v1.2.0"
    assert refusal(resolver, order("v0.1.0", "example.com/Old"))[0] == 403
    nothing = ModuleResolver(modules, ModulePatterns.parse("", source="test"), 20)
    assert refusal(nothing, order("v1.2.0"))[0] == 403


def test_an_order_without_sense_is_refused_before_anybody_is_asked(resolver: Resolver) -> None:
    assert refusal(resolver, order("--help"))[0] == 400


def test_version_control_is_never_used(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sources\.proxies has direct"):
        open_modules(settings("file:///x,direct", tmp_path), os.environ, tmp_path)
    modules = open_modules(settings("off", tmp_path), os.environ, tmp_path)
    resolver = ModuleResolver(modules, ModulePatterns.parse("*", source="test"), 20)
    assert refusal(resolver, order("latest"))[0] == 404


def test_what_was_found_is_found_again_without_the_proxy(
    proxy: ModuleFiles, tmp_path: Path
) -> None:
    open_resolver(settings(proxy.url, tmp_path), os.environ, "1.26.8").resolve(order("v1.2.0"))
    gone = settings("http://127.0.0.1:1", tmp_path)
    again = open_resolver(gone, os.environ, "1.26.8")
    assert again.resolve(order("v1.2.0"))[1].version == "v1.2.0"
    status, text = refusal(again, order("v1.2.9"))
    assert status == 502
    assert "127.0.0.1" not in text


class Slow(BaseHTTPRequestHandler):
    """Answers with 500, sometimes late."""

    over = threading.Event()

    def do_GET(self) -> None:
        self.over.wait(5 if "slow" in self.path else 0)
        self.send_response(500)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the parent's name
        pass


def test_a_password_of_the_proxy_is_never_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proxies = "https://someone:secret@127.0.0.1:1"
    resolver = open_resolver(settings(proxies, tmp_path), os.environ, "1.26.8")
    status, text = refusal(resolver, order("v1.2.0"))
    assert status == 502
    assert "secret" not in text + caplog.text
    assert "someone" not in text + caplog.text


@pytest.fixture
def troubled() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Slow.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_troubled_proxy_is_told_from_a_missing_module(troubled: str, tmp_path: Path) -> None:
    given = settings(troubled, tmp_path)
    resolver = open_resolver(given, os.environ, "1.26.8")
    status, text = refusal(resolver, order("v1.2.0"))
    assert status == 502
    assert troubled not in text
    short = msgspec.structs.replace(
        given, sources=msgspec.structs.replace(given.sources, resolve_timeout=Duration(1))
    )
    resolver = open_resolver(short, os.environ, "1.26.8")
    status, _ = refusal(resolver, order("v1.2.0", "example.com/slow"))
    assert status == 504
