import asyncio
from pathlib import Path
from typing import Any

import pytest

from gobp.errors import UserError
from gobp.modproxy.protocol.answers import Answer, Origin
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Mode
from gobp.modproxy.sources.source import NotFoundError
from tests.modproxy.rules.upstreams import router_of

PRIVATE = {"modules": "corp.example/*", "private": True}


def routed(answer: Route | Answer) -> Route:
    assert isinstance(answer, Route), answer
    return answer


def refused(answer: Route | Answer | None) -> Answer:
    assert isinstance(answer, Answer), answer
    return answer


def text_of(answer: Answer) -> str:
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


def test_without_rules_all_is_public_and_notarised(tmp_path: Path) -> None:
    route = routed(router_of(tmp_path).route("example.com/m", "v1.0.0"))
    assert [tree.root.name for tree in route.trees] == ["public"]
    assert (route.source.name, route.private, route.notarised, route.mode) == (
        "https://default.example",
        False,
        True,
        Mode.SYNC,
    )


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {"modules": "example.com/a", "upstream": "https://one.example"},
        {"modules": "example.com/*", "upstream": "https://two.example"},
        {"modules": "example.com/a/b", "action": "deny"},
    )
    assert routed(router.route("example.com/a/b")).source.name == "https://one.example"
    assert routed(router.route("example.com/c", "v1.0.0")).source.name == "https://two.example"
    assert routed(router.route("other.example/c")).source.name == "https://default.example"


def test_a_denied_module_is_403_with_the_message_everywhere(tmp_path: Path) -> None:
    router = router_of(
        tmp_path, {"modules": "evil.example", "action": "deny", "message": "use good.example"}
    )
    for version in ("", "v1.0.0"):
        answer = refused(router.route("evil.example/m", version))
        assert (answer.status, answer.origin) == (403, Origin.RULE)
        assert "use good.example" in text_of(answer)
    assert refused(router.refused_lookup("evil.example/m", "v1.0.0")).status == 403
    assert router.visible("evil.example/m", ("v1.0.0",)) == ()


def test_a_hidden_module_is_404_as_if_there_were_none(tmp_path: Path) -> None:
    router = router_of(tmp_path, {"modules": "old.example", "action": "hide"})
    answer = refused(router.route("old.example/m", "v1.0.0"))
    assert (answer.status, text_of(answer)) == (404, "not found: old.example/m@v1.0.0\n")


def test_a_redirect_goes_on_to_the_same_path(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {"modules": "moved.example", "action": "redirect", "redirect": "https://p.example/go/"},
    )
    answer = refused(router.route("moved.example/M", "", "moved.example/!m/@v/list"))
    assert answer.status == 302
    assert answer.headers == (("location", "https://p.example/go/moved.example/!m/@v/list"),)
    assert router.refused_lookup("moved.example/M", "v1.0.0") is None


def test_a_redirect_escapes_what_a_url_cannot_hold(tmp_path: Path) -> None:
    router = router_of(
        tmp_path, {"modules": "*", "action": "redirect", "redirect": "https://p.example"}
    )
    answer = refused(router.route("m.example", "", "m.example/@v/a#b%c.info"))
    assert dict(answer.headers)["location"] == "https://p.example/m.example/@v/a%23b%25c.info"


def test_versions_that_are_denied_hidden_or_moved_are_not_listed(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {"modules": "m.example", "versions": "v1.0.x", "action": "deny"},
        {"modules": "m.example", "versions": "v1.1.x", "action": "hide"},
        {
            "modules": "m.example",
            "versions": "v1.2.x",
            "action": "redirect",
            "redirect": "https://p.example",
        },
    )
    versions = ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")
    assert router.visible("m.example/x", versions) == ("v1.3.0",)
    assert routed(router.route("m.example/x")).mode is Mode.SYNC
    statuses = [refused(router.route("m.example/x", version)).status for version in versions[:3]]
    assert statuses == [403, 404, 302]
    assert routed(router.route("m.example/x", "v1.3.0")).mode is Mode.SYNC


def test_versions_that_are_let_through_before_a_denial_are_listed(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {"modules": "m.example", "versions": ">= v1.5.0"},
        {"modules": "m.example", "action": "deny"},
    )
    assert routed(router.route("m.example")).mode is Mode.SYNC
    assert router.visible("m.example", ("v1.4.0", "v1.5.0")) == ("v1.5.0",)
    assert refused(router.route("m.example", "v1.4.0")).status == 403


def test_a_rule_for_some_versions_says_nothing_of_the_list(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {
            "modules": "*",
            "versions": "< v1",
            "mode": "cached-only",
            "upstream": "https://x.example",
        },
    )
    assert routed(router.route("m.example")).source.name == "https://default.example"
    assert routed(router.route("m.example")).mode is Mode.SYNC
    assert routed(router.route("m.example", "v0.1.0")).mode is Mode.CACHED_ONLY
    assert routed(router.route("m.example", "v0.1.0")).source.name == "https://x.example"


def test_a_private_module_comes_from_the_private_trees_only(tmp_path: Path) -> None:
    router = router_of(tmp_path, PRIVATE)
    route = routed(router.route("corp.example/app", "v1.0.0"))
    assert [tree.root.name for tree in route.trees] == ["published", "private"]
    assert (route.private, route.notarised) == (True, False)
    assert router.is_private("corp.example/app")
    with pytest.raises(NotFoundError, match=r"corp\.example/app: it is private here, and not in"):
        asyncio.run(route.source.versions("corp.example/app"))


@pytest.mark.parametrize("upstream", ["off", ""])
def test_a_private_module_without_upstream_is_asked_for_nowhere(
    upstream: str, tmp_path: Path
) -> None:
    router = router_of(tmp_path, {**PRIVATE, "upstream": upstream}, mode="redirect")
    route = routed(router.route("corp.example/app", "v1.0.0"))
    assert (route.source.name, route.upstream, route.mode) == ("nowhere", "", Mode.SYNC)


def test_a_private_module_is_asked_for_at_the_upstream_of_its_rule(tmp_path: Path) -> None:
    router = router_of(tmp_path, {**PRIVATE, "upstream": "direct"})
    assert routed(router.route("corp.example/app")).source.name == "direct"


@pytest.mark.parametrize(
    "before",
    [
        {"modules": "corp.example", "versions": "< v1", "mode": "sync"},
        {"modules": "corp.example/app", "action": "deny"},
        {"modules": "corp.example/app", "versions": "v9", "action": "hide"},
    ],
)
def test_rules_before_do_not_make_a_private_module_public(
    before: dict[str, Any], tmp_path: Path
) -> None:
    router = router_of(tmp_path, before, PRIVATE)
    assert router.is_private("corp.example/app")
    for version in ("", "v0.1.0", "v1.0.0", "v9.0.0"):
        route = router.route("corp.example/app", version)
        assert isinstance(route, Answer) or (route.private and route.source.name == "nowhere")


def test_versions_let_through_before_a_denial_stay_private(tmp_path: Path) -> None:
    router = router_of(
        tmp_path,
        {"modules": "corp.example/app", "versions": ">= v1"},
        {"modules": "corp.example/app", "action": "deny"},
        PRIVATE,
    )
    assert routed(router.route("corp.example/app", "v1.0.0")).private
    assert routed(router.route("corp.example/app")).private


def test_a_public_module_below_a_private_prefix_is_public(tmp_path: Path) -> None:
    router = router_of(tmp_path, {"modules": "corp.example/oss"}, PRIVATE)
    assert not router.is_private("corp.example/oss/m")
    assert not routed(router.route("corp.example/oss/m", "v1.0.0")).private


def test_nobody_looks_a_private_or_unlisted_module_up(tmp_path: Path) -> None:
    router = router_of(tmp_path, PRIVATE, sums={"unlisted": "quiet.example/*"})
    for module in ("corp.example/app", "quiet.example/m"):
        answer = refused(router.refused_lookup(module, "v1.0.0"))
        assert (answer.status, "GONOSUMDB" in text_of(answer)) == (403, True)
    assert router.refused_lookup("open.example/m", "v1.0.0") is None
    assert not routed(router.route("quiet.example/m", "v1.0.0")).notarised
    assert not router.is_private("quiet.example/m")


def test_toolchains_are_always_notarised(tmp_path: Path) -> None:
    router = router_of(tmp_path, {"modules": "*", "private": True}, sums={"unlisted": "*"})
    route = routed(router.route("golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64"))
    assert route.notarised
    assert router.refused_lookup("golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64") is None


def test_the_mode_of_the_settings_holds_where_no_rule_has_one(tmp_path: Path) -> None:
    router = router_of(tmp_path, {"modules": "a.example", "mode": "async"}, mode="redirect")
    assert routed(router.route("a.example")).mode is Mode.ASYNC
    route = routed(router.route("b.example"))
    assert (route.mode, route.upstream) == (Mode.REDIRECT, "https://default.example")


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"modules": ""}, r"rule 2 is for no modules"),
        ({"modules": "a["}, r"rule 2: modules: 'a\['"),
        ({"modules": "a", "versions": "1.x"}, r"rule 2 \(a\): versions: '1\.x' is no range"),
        ({"modules": "a", "versions": "v1", "private": True}, r"private for some versions only"),
        ({"modules": "a", "action": "redirect"}, r"redirect is no URL"),
        (
            {"modules": "a", "action": "redirect", "redirect": "https://u:p@h"},
            r"redirect is no URL",
        ),
        ({"modules": "a", "redirect": "https://h"}, r"rule 2 \(a\): redirect means nothing"),
        ({"modules": "a", "message": "m"}, r"message means nothing where the action is allow"),
        ({"modules": "a", "action": "deny", "private": True}, r"private means nothing"),
        ({"modules": "a", "action": "hide", "upstream": "off"}, r"upstream means nothing"),
        ({"modules": "a", "action": "deny", "mode": "sync"}, r"mode means nothing"),
        (
            {"modules": "a", "mode": "redirect", "upstream": "direct"},
            r"rule 2 \(a\): mode redirect",
        ),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told_by_its_number(
    rule: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=complaint):
        router_of(tmp_path, {"modules": "fine.example"}, rule)


def test_a_mode_that_sends_away_needs_an_upstream_with_a_url(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="settings: mode none sends clients to the upstream"):
        router_of(tmp_path, mode="none", upstream={"proxies": "direct"})
