"""Rules, as the go command meets them: refusals with words, versions out of sight, redirects."""

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from integration import lab
from integration.module_servers import running
from integration.small_modules import GoClient, put_module

LIB = "pub.example/lib"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An upstream: a tree of files with four versions of a module, and another module."""
    root = tmp_path / "upstream"
    for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0-rc.1"):
        put_module(root, LIB, version)
    put_module(root, "pub.example/other", "v0.1.0")
    return root


@contextmanager
def client(tmp_path: Path, tree: Path, *rules: dict[str, Any], **others: Any) -> Iterator[GoClient]:
    """Give a go command whose one proxy has these rules."""
    settings = {
        "upstream": {"proxies": f"file://{tree}"},
        "sums": {"database": "off"},
        "rules": list(rules),
        **others,
    }
    with running(settings, tmp_path / "server") as server:
        yield GoClient(tmp_path / "client", f"{server.url},file://{tree}")


def test_go_shows_why_a_module_is_denied_and_asks_nobody_else(tmp_path: Path, tree: Path) -> None:
    rule = {"modules": LIB, "action": "deny", "message": "use pub.example/other: CVE-2026-1"}
    with client(tmp_path, tree, rule) as go:
        said = go.refusal(f"{LIB}@v1.0.0")
        assert "403 Forbidden" in said
        assert "is denied by a rule of this proxy: use pub.example/other: CVE-2026-1" in said
        assert go.get("pub.example/other") == {"pub.example/other": "v0.1.0"}


def test_a_hidden_module_is_asked_for_at_the_next_proxy(tmp_path: Path, tree: Path) -> None:
    with client(tmp_path, tree, {"modules": LIB, "action": "hide"}) as go:
        assert go.get(LIB) == {LIB: "v1.2.0"}


@pytest.mark.parametrize("action", ["hide", "deny"])
def test_a_version_that_is_not_let_through_is_not_the_latest(
    action: str, tmp_path: Path, tree: Path
) -> None:
    rule = {"modules": LIB, "versions": ">= v1.2.0", "action": action}
    with client(tmp_path, tree, rule) as go:
        assert go.get(f"{LIB}@latest") == {LIB: "v1.1.0"}
        assert go.go("list", "-m", "-versions", LIB).stdout.split() == [LIB, "v1.0.0", "v1.1.0"]


def test_a_version_that_is_denied_is_refused_by_its_name(tmp_path: Path, tree: Path) -> None:
    rule = {"modules": LIB, "versions": "v1.2.0", "action": "deny", "message": "it is broken"}
    with client(tmp_path, tree, rule) as go:
        assert "it is broken" in go.refusal(f"{LIB}@v1.2.0")
        assert go.get(f"{LIB}@v1.1.0") == {LIB: "v1.1.0"}


def test_what_was_fetched_before_a_rule_is_denied_by_it_too(tmp_path: Path, tree: Path) -> None:
    with client(tmp_path, tree) as go:
        assert go.get(f"{LIB}@v1.2.0") == {LIB: "v1.2.0"}
    rule = {"modules": LIB, "versions": "v1.2.0", "action": "deny", "message": "it is broken"}
    with client(tmp_path, tree, rule) as go:
        fresh = GoClient(tmp_path / "fresh", go.proxy)
        assert "it is broken" in fresh.refusal(f"{LIB}@v1.2.0")


def test_only_the_versions_that_are_allowed_are_to_be_had(tmp_path: Path, tree: Path) -> None:
    rules = ({"modules": LIB, "versions": "v1.0.x"}, {"modules": "*", "action": "deny"})
    with client(tmp_path, tree, *rules) as go:
        assert go.get(LIB) == {LIB: "v1.0.0"}
        assert "403 Forbidden" in go.refusal("pub.example/other")


def test_go_follows_a_redirect_to_another_proxy(tmp_path: Path, tree: Path) -> None:
    moved = tmp_path / "moved"
    put_module(moved, "moved.example/Lib", "v1.5.0")
    settings = {"upstream": {"proxies": f"file://{moved}"}, "sums": {"database": "off"}}
    with running({**settings, "base_path": "/team/go"}, tmp_path / "other") as other:
        rule = {"modules": "moved.example", "action": "redirect", "redirect": other.url}
        with client(tmp_path, tree, rule) as go:
            assert go.get("moved.example/Lib") == {"moved.example/Lib": "v1.5.0"}
            assert not (tmp_path / "server/root/public/moved.example").exists()
            assert (tmp_path / "other/root/public/moved.example").exists()


class Listener(ThreadingHTTPServer):
    """An upstream or webhook that notes what it is asked, and answers all in one way."""

    daemon_threads = True

    def __init__(self, status: int, text: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.text = text
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(body.decode())
        self._answer()

    def _answer(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def listening(status: int, text: str) -> Iterator[Listener]:
    with Listener(status, text) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_nobody_outside_hears_of_a_private_module(tmp_path: Path, tree: Path) -> None:
    rules = (
        {"modules": "corp.example/old", "versions": "< v1", "mode": "sync"},
        {"modules": "corp.example", "private": True},
    )
    put_module(tmp_path / "server/root/private", "corp.example/app", "v1.0.0", lists=False)
    with (
        listening(404, "not found") as upstream,
        client(tmp_path, tree, *rules, upstream={"proxies": upstream.url}) as both,
    ):
        go = GoClient(tmp_path / "client", both.proxy.partition(",")[0])
        assert go.get("corp.example/app") == {"corp.example/app": "v1.0.0"}
        said = go.refusal("corp.example/missing/pkg")
        assert "it is private here, and not in the private tree; nobody else is asked" in said
        for name in ("corp.example/old@v0.1.0", "corp.example/app@main", "corp.example/app@v9"):
            go.refusal(name)
        go.refusal("pub.example/missing")
        assert {path.split("/")[1] for path in upstream.asked} == {"pub.example"}


def test_the_webhook_is_asked_before_a_version_is_fetched(tmp_path: Path, tree: Path) -> None:
    with listening(403, "licence AGPL is not allowed\n") as webhook:
        settings = {"validator": {"url": f"{webhook.url}/check"}}
        with client(tmp_path, tree, **settings) as go:
            assert "licence AGPL is not allowed" in go.refusal(f"{LIB}@v1.0.0")
            questions = [json.loads(body) for body in webhook.asked]  # go tries paths above, too
            assert {"Module": LIB, "Version": "v1.0.0"} in questions
            assert not list((tmp_path / "server/root/public").rglob("v1.0.0.*"))


def test_a_webhook_in_trouble_stops_go_with_a_reason(tmp_path: Path, tree: Path) -> None:
    with listening(500, "oops") as webhook:
        settings = {"validator": {"url": f"{webhook.url}/check"}}
        with client(tmp_path, tree, **settings) as go:
            said = go.refusal(f"{LIB}@v1.0.0")
            assert "503 Service Unavailable" in said
            assert "the validator of this proxy answered 500" in said


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"modules": "*", "versions": "latest"}, "rule 1 (*): versions: 'latest' is no range"),
        ({"modules": "*", "action": "redirect"}, "rule 1 (*): redirect is no URL"),
        ({"modules": "*", "upstream": "gopher://x"}, "rule 1 (*): upstream: "),
    ],
)
def test_a_server_with_a_wrong_rule_does_not_start_and_says_which(
    rule: dict[str, Any], complaint: str, tmp_path: Path, tree: Path
) -> None:
    with pytest.raises(AssertionError) as error, client(tmp_path, tree, rule):
        pass
    assert "the server ended" in str(error.value)
    assert complaint in str(error.value)


ORACLE = """package main

import (
	"encoding/json"
	"os"

	"golang.org/x/mod/module"
)

func main() {
	var cases [][2]string
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	answers := []bool{}
	for _, c := range cases {
		answers = append(answers, module.MatchPrefixPatterns(c[0], c[1]))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
"""


def test_patterns_match_what_gos_own_library_matches(tmp_path: Path) -> None:
    try:
        proxy = lab.go_proxy()
    except lab.LabUnavailable as reason:
        pytest.skip(str(reason))
    go = GoClient(tmp_path, proxy)
    (tmp_path / "main.go").write_text(ORACLE)
    go.get("golang.org/x/mod@v0.35.0")
    built = go.go("build", "-o", "oracle", ".")
    assert built.returncode == 0, built.stderr
    cases = list(pattern_cases(50_000))

    done = subprocess.run(
        [tmp_path / "oracle"], input=json.dumps(cases), capture_output=True, text=True, check=True
    )

    expected = json.loads(done.stdout)
    wrong = [
        (case, answer)
        for case, answer in zip(cases, expected, strict=True)
        if ModulePatterns.parse(case[0], source="x").match(case[1]) is not answer
    ]
    assert wrong == []
    assert 1000 < sum(expected) < len(cases) - 1000


def pattern_cases(count: int) -> Iterator[tuple[str, str]]:
    """Yield random pattern lists that are valid, with module paths like them."""
    chance = random.Random(5)
    parts = ["a", "b", "*", "?", "[ab]", "[^a]", "[a-c]", r"\*", ".", "/", "a/b", "*/"]
    while count:
        globs = ["".join(chance.choices(parts, k=chance.randint(1, 6))) for _ in range(2)]
        path = "".join(chance.choices("ab.*/", [4, 4, 1, 1, 3], k=chance.randint(1, 9)))
        try:
            ModulePatterns.parse(",".join(globs), source="x")
        except UserError:
            continue
        if not any("//" in glob for glob in globs):
            yield ",".join(globs), path
            count -= 1
