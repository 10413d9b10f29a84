from gobp.buildpack.go.installed import installed_go
from gobp.system.process import Captured
from tests.fakes.scripted_commands import ScriptedCommands


def test_the_go_at_hand_is_asked_where_no_go_mod_can_ask_for_another() -> None:
    commands = ScriptedCommands({("go",): Captured(0, "go1.26.8\n/usr/local/go\nhttps://p\n", "")})

    found = installed_go(commands, {"GOFLAGS": "-mod=odd", "GOTOOLCHAIN": "auto"})

    assert found is not None
    assert (str(found.version), found.goroot, found.goproxy) == (
        "1.26.8",
        "/usr/local/go",
        "https://p",
    )
    assert commands.environments[0]["GOTOOLCHAIN"] == "local"
    assert commands.environments[0]["GOFLAGS"] == ""


def test_a_development_version_of_go_is_no_release() -> None:
    said = Captured(0, "devel go1.28-1a2b3c4\n/usr/local/go\nhttps://p\n", "")

    assert installed_go(ScriptedCommands({("go",): said}), {}) is None


def test_a_go_that_fails_is_none() -> None:
    said = Captured(2, "", "go: cannot find GOROOT directory\n")

    assert installed_go(ScriptedCommands({("go",): said}), {}) is None
