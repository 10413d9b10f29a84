from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.modproxy.settings.go_env import completed, proxies_only
from gobp.modproxy.settings.load import load_settings, variables
from gobp.modproxy.settings.schema import (
    Access,
    Cluster,
    Mode,
    Settings,
    Sums,
    Token,
    Upstream,
    User,
)
from gobp.serving.listening import Address
from gobp.serving.settings.json_schema import json_schema
from gobp.serving.settings.shown import settings_text, without_credentials
from gobp.serving.settings.values import Duration, Size, written

ENV = {"HOME": "/home/me"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "modules.yaml"


@pytest.fixture
def jsonschema() -> Any:
    return pytest.importorskip("jsonschema", reason="jsonschema is not installed")


def loaded(file: Path, text: str, env: dict[str, str] | None = None, **flags: object) -> Settings:
    file.write_text(text)
    return load_settings(file, ENV | (env or {}), flags)


def test_nothing_has_to_be_set() -> None:
    settings = load_settings(None, ENV, {})
    assert settings.root == "/home/me/.local/share/gobp/modules"
    assert settings.listen == "127.0.0.1:8130"


def test_a_flag_wins_over_a_variable_and_that_over_the_file(file: Path) -> None:
    text = "workers: 1\nmode: async\nlisten: 127.0.0.1:1\n"
    env = {"GOBP_MODULES_WORKERS": "2", "GOBP_MODULES_MODE": "none"}
    settings = loaded(file, text, env, workers=3)
    assert (settings.workers, settings.mode, settings.listen) == (3, Mode.NONE, "127.0.0.1:1")


def test_a_variable_holds_any_single_setting() -> None:
    env = {
        "GOBP_MODULES_FRESH_LIST": "5m",
        "GOBP_MODULES_DURABLE": "false",
        "GOBP_MODULES_LIMITS_CACHED_SMALL_FILES": "1MiB",
        "GOBP_MODULES_ACCESS_ANONYMOUS": "123",
    }
    settings = load_settings(None, ENV | env, {})
    assert settings.fresh.list == Duration(300)
    assert settings.durable is False
    assert settings.limits.cached_small_files == 1024**2
    assert settings.access.anonymous == "123"


def test_every_variable_has_a_name_of_its_own() -> None:
    assert len(set(variables().values())) == len(variables())


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("workers: many\n", ":1: workers", "int"),
        ("log:\n  format: xml\n", ":2: log.format", "xml"),
        ("log:\n  fromat: text\n", ":2: log.fromat", "is format meant?"),
        ("\nrutes: []\n", ":2: rutes", "is rules meant?"),
        ("fresh:\n  stale: 1m\n  list: soon\n", ":3: fresh.list", "is no duration"),
        ("limits: {cached_small_files: lots}\n", ":1: limits.cached_small_files", "is no size"),
        ("rules:\n- modules: a.example\n- action: deny\n", ":3: rules[1]", "modules"),
        ("rules:\n- modules: a\n  action: drop\n", ":3: rules[0].action", "drop"),
        ("limits:\n  fetches: 0\n", ":2: limits.fetches", ">= 1"),
        ("workers: 1\nworkers: 2\n", ":2: workers", "already on line 1"),
        ("fresh:\n- list\n", ":1: fresh", "object"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(
    file: Path, text: str, place: str, reason: str
) -> None:
    with pytest.raises(UserError) as raised:
        loaded(file, text)
    assert raised.value.summary.startswith(f"{file}{place}")
    assert reason in raised.value.summary


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "a: [\n", "a: !!python/object:x {}\n"])
def test_a_file_that_holds_no_settings_is_refused(file: Path, text: str) -> None:
    with pytest.raises(UserError, match=str(file)):
        loaded(file, text)


def test_off_is_a_word_and_not_a_truth(file: Path) -> None:
    settings = loaded(file, "sums: {database: off}\nupstream: {proxies: off}\ndurable: false\n")

    assert (settings.sums.database, settings.upstream.proxies) == ("off", "off")
    assert settings.durable is False


def test_an_empty_file_sets_nothing(file: Path) -> None:
    assert loaded(file, "# nothing\n") == load_settings(None, ENV, {})


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(file, ENV, {})


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(UserError, match="GOBP_MODULES_WORKERS: Expected"):
        load_settings(None, ENV | {"GOBP_MODULES_WORKERS": "many"}, {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("listen: here\n", "listen: 'here'"),
        ("listen: ':8130'\n", "listen"),
        ("listen: 1.2.3.4:70000\n", "listen"),
        ("base_path: team/\n", "base_path"),
        ("base_path: /a/../b/\n", "base_path"),
        ("listen: unix:/x\ntls: {certificate: a, key: b}\n", "tls"),
    ],
)
def test_what_cannot_be_meant_is_refused(file: Path, text: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        loaded(file, text)


@pytest.mark.parametrize("text", ["127.0.0.1:8130", "[::1]:0", "unix:/run/modules.sock"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(Address.parse(text)) == text


# What go says where the settings say nothing


def look_up(**values: str) -> Any:
    return lambda name: values.get(name, "")


def test_the_proxies_of_go_are_the_upstream() -> None:
    go = look_up(GOPROXY="https://a.example,https://b.example|direct", GOSUMDB="sum.example")
    settings = completed(Settings(), go)
    assert settings.upstream.proxies == "https://a.example,https://b.example"
    assert settings.sums.database == "sum.example"


def test_what_is_set_is_not_asked_of_go() -> None:
    given_settings = Settings(upstream=Upstream(proxies="off"), sums=Sums(database="off"))
    settings = completed(given_settings, look_up(GOPROXY="https://a.example", GOSUMDB="x.example"))
    assert (settings.upstream.proxies, settings.sums.database) == ("off", "off")


@pytest.mark.parametrize("goproxy", ["", "direct", "off", " , "])
def test_no_upstream_at_all_is_an_error(goproxy: str) -> None:
    with pytest.raises(UserError, match="no upstream"):
        completed(Settings(), look_up(GOPROXY=goproxy))


@pytest.mark.parametrize(
    ("listen", "upstream"),
    [
        ("127.0.0.1:8130", "http://127.0.0.1:8130"),
        ("0.0.0.0:8130", "http://localhost:8130/base"),
        ("[::1]:8130", "https://user:pass@[::1]:8130"),
    ],
)
def test_a_server_does_not_ask_itself(listen: str, upstream: str) -> None:
    with pytest.raises(UserError, match="this server itself"):
        completed(Settings(listen=listen), look_up(GOPROXY=f"{upstream},https://a.example"))


@pytest.mark.parametrize(
    ("goproxy", "proxies"),
    [
        ("https://a|https://b,direct", "https://a|https://b"),
        ("https://a,off", "https://a"),
        ("direct,https://a", "https://a"),
        ("https://a|direct", "https://a"),
    ],
)
def test_direct_and_off_of_go_are_left_out(goproxy: str, proxies: str) -> None:
    assert proxies_only(goproxy) == proxies


# What is shown


def test_what_is_shown_sets_the_same_again(file: Path) -> None:
    text = "fresh: {list: 90s, stale: 1h30m}\nlimits: {cached_small_files: 3MiB}\nmode: async\n"
    settings = loaded(file, text)
    assert loaded(file, settings_text(settings)) == settings


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        root="/x",
        upstream=Upstream(proxies="https://me:hidden@a.example|https://hidden@b.example"),
        access=Access(
            users=(User(name="bob", password_hash="hidden"),),
            tokens=(Token(name="ci", token_hash="hidden"),),
        ),
        cluster=Cluster(
            postgresql="host=db password='hidden \\' hidden' user=x", redis="redis://:hidden@r/0"
        ),
    )
    shown = settings_text(settings)
    assert "hidden" not in shown
    assert "bob" in shown
    assert "a.example" in shown


@given(
    st.text(alphabet=st.characters(exclude_characters="/@,| \n\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85"))
)
def test_no_password_of_a_url_is_shown(password: str) -> None:
    shown = without_credentials(f"https://me:S{password}E@a.example/x")
    assert shown.endswith("://***@a.example/x") or any(c.isspace() for c in password)


@given(st.integers(0, 10**9))
def test_a_duration_is_read_as_it_is_written(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(written(duration)) == pytest.approx(duration)


@given(st.integers(0, 10**15))
def test_a_size_is_read_as_it_is_written(size: int) -> None:
    assert Size.parse(written(Size(size))) == size


# The schema


def test_the_defaults_keep_the_schema(jsonschema: Any) -> None:
    document = yaml.safe_load(settings_text(Settings(root="/x")))
    jsonschema.validate(document, json_schema(Settings, "Settings of gobp serve modules"))


@pytest.mark.parametrize(
    "document",
    [{"worker": 1}, {"log": {"format": "xml"}}, {"drain": "soon"}, {"rules": [{"modules": 1}]}],
)
def test_the_schema_refuses_what_the_code_refuses(
    jsonschema: Any, file: Path, document: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema(Settings, "Settings of gobp serve modules"))
    with pytest.raises(UserError):
        loaded(file, yaml.safe_dump(document))
