from pathlib import Path

import pytest

from gobp.buildservice.settings.go_env import completed
from gobp.buildservice.settings.load import load_settings
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.errors import UserError
from gobp.serving.settings.shown import settings_text

GO = {"GOVERSION": "go1.26.8", "GOPROXY": "https://a.example,direct", "GOSUMDB": "sums.example"}


def test_the_defaults_are_good_and_their_root_is_the_users() -> None:
    settings = load_settings(None, {"XDG_DATA_HOME": "/data"}, {})

    assert settings == Settings(root="/data/gobp/builds")


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "builds.yaml"
    file.write_text("listen: 127.0.0.1:1\nqueue: {slots: 1}\nlog: {format: text}\n")
    env = {"GOBP_BUILDS_QUEUE_SLOTS": "2", "GOBP_BUILDS_LISTEN": "127.0.0.1:2", "HOME": "/h"}

    settings = load_settings(file, env, {"listen": "127.0.0.1:3"})

    assert (settings.listen, settings.queue.slots, settings.log.format) == (
        "127.0.0.1:3",
        2,
        "text",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base_path: x/", "base_path"),
        ("listen: nowhere", "listen"),
        ("sandbox: {kind: none}", "i_trust_all_sources"),
        ("sandbox: {kind: docker}", "sandbox.kind"),
        ("queue: {slotz: 1}", "is slots meant"),
        ("access: {tokens: [{name: a}]}", "token_hash"),
        (
            (
                "hooks: [{name: a, kind: gitea, secret_file: x}, {name: a, kind: gitea,"
                " secret_file: y}]"
            ),
            "hooks",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "builds.yaml"
    file.write_text(text)

    with pytest.raises(UserError) as caught:
        load_settings(file, {"HOME": "/h"}, {})

    assert said in str(caught.value)


def test_an_operator_may_do_without_a_sandbox_by_saying_so(tmp_path: Path) -> None:
    file = tmp_path / "builds.yaml"
    file.write_text("sandbox: {kind: none, i_trust_all_sources: true}")

    assert load_settings(file, {"HOME": "/h"}, {}).sandbox.kind == "none"


def test_what_is_not_set_is_what_go_says_but_never_direct() -> None:
    settings = completed(Settings(), GO.__getitem__)

    assert (settings.go, settings.sources.proxies, settings.sources.sums) == (
        "1.26.8",
        "https://a.example",
        "sums.example",
    )


def test_what_is_set_stays() -> None:
    given = Settings(go="go1.25.4", sources=Sources(proxies="off", sums="off"))

    settings = completed(given, GO.__getitem__)

    assert (settings.go, settings.sources) == ("1.25.4", given.sources)


def test_a_machine_without_go_is_told_to_install_it() -> None:
    with pytest.raises(UserError, match="go command"):
        completed(Settings(), lambda _: "")


def test_a_shown_file_has_no_secrets(tmp_path: Path) -> None:
    file = tmp_path / "builds.yaml"
    file.write_text(
        "queue: {postgresql: 'host=db password=hunter2'}\n"
        "sources: {proxies: 'https://user:hunter2@proxy.example'}\n"
    )

    assert "hunter2" not in settings_text(load_settings(file, {"HOME": "/h"}, {}))
