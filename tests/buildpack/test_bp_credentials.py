"""Bindings for credentials, a class a type: what is set, what is said, what is refused."""

import base64
import shlex
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.credentials import goauth, goproxy
from gobp.buildpack.credentials.build import build
from gobp.buildpack.credentials.detect import detect
from gobp.buildpack.credentials.given import read_given
from gobp.buildpack.credentials.private_modules import Patterns, variables
from gobp.buildpack.go.command import go_environment
from gobp.cnb.bindings import Binding
from gobp.errors import UserError
from tests.fakes.a_build import a_build
from tests.fakes.memory_tree import MemoryTree

SECRET = "top'sec/ret$1"
PLAIN = "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n".format(
    base64.b64encode(b"openssh-key-v1\0\0\0\0\4none rest").decode()
)
ENCRYPTED = PLAIN.replace(
    PLAIN.splitlines()[1],
    base64.b64encode(b"openssh-key-v1\0\0\0\0\x0aaes256-ctr rest").decode(),
)
SSH = {"ssh-privatekey": PLAIN, "known_hosts": "git.example.com ssh-ed25519 AAAA"}


def binding(binding_type: str, name: str = "", **keys: str) -> Binding:
    return Binding(name or f"my-{binding_type}", binding_type, secrets=keys)


def git(**keys: str) -> Binding:
    return binding("git-credentials", **keys)


class Built:
    """What a build with bindings set, wrote and said."""

    def __init__(self, root: Path, *bindings: Binding, **env: str) -> None:
        made = a_build(root, bindings=bindings, env=env)
        build(made.context)
        self.env: Mapping[str, str] = made.context.session.env
        self.folder = made.context.session.folder()
        self.said: str = made.said.getvalue()

    def git_settings(self) -> dict[str, str]:
        count = int(self.env["GIT_CONFIG_COUNT"])
        numbers = [n for n in range(count) if f"GIT_CONFIG_KEY_{n}" in self.env]
        return {self.env[f"GIT_CONFIG_KEY_{n}"]: self.env[f"GIT_CONFIG_VALUE_{n}"] for n in numbers}


def refused(*bindings: Binding, **env: str) -> UserError:
    """Return the error of a build with bindings, which shows no secret."""
    with pytest.raises(UserError) as caught:
        read_given(DetectContext(MemoryTree({}), env, bindings=bindings))
    assert SECRET not in str(caught.value)
    return caught.value


def answer_of_git(env: Mapping[str, str], url: str) -> dict[str, str]:
    """Ask the real git who to log in as."""
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"url={url}\n\n",
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_they_take_part_when_a_binding_of_one_of_their_types_is_there() -> None:
    def decide(*bindings: Binding) -> Pass | Fail:
        return detect(DetectContext(MemoryTree({}), {}, bindings=bindings))

    assert isinstance(decide(binding("NetRC", netrc="")), Pass)
    assert isinstance(decide(binding("ca-certificates"), binding("Procfile")), Fail)


def test_files_are_for_this_user_alone_and_no_secret_is_in_a_variable_or_said(
    tmp_path: Path,
) -> None:
    built = Built(
        tmp_path,
        git(context="https://git.example.com", username="me", password=SECRET),
        binding("netrc", netrc=f"machine n.example.com login me password {SECRET}"),
        binding("goproxy", url="https://proxy.example.com", token=SECRET),
        binding("goauth", goauth=f"https://a.example.com\n\nAuthorization: Bearer {SECRET}"),
        binding("ssh", **SSH),
    )

    modes = {stat.S_IMODE(path.stat().st_mode) for path in built.folder.iterdir()}
    assert modes == {0o600}
    assert SECRET not in built.said
    assert not [value for value in built.env.values() if SECRET in value]


class TestGitCredentials:
    def test_git_is_answered_for_the_context_and_for_nothing_else(self, tmp_path: Path) -> None:
        env = Built(
            tmp_path,
            git(
                credentials=f"username=me\npassword={SECRET} x\n",
                context=" https://git.example.com/team/\n",
            ),
        ).env

        found = answer_of_git(env, "https://git.example.com/team/lib.git")
        assert (found["username"], found["password"]) == ("me", f"{SECRET} x")
        assert answer_of_git(env, "https://git.example.com/other") == {}
        assert answer_of_git(env, "https://example.com/team") == {}

    def test_without_a_context_every_address_is_answered(self, tmp_path: Path) -> None:
        built = Built(tmp_path, git(username="me", password=SECRET))

        assert answer_of_git(built.env, "https://any.example.com")["password"] == SECRET
        assert "every address" in built.said
        assert "GOPRIVATE" not in built.env

    def test_a_folder_with_blanks_and_quotes_is_no_trouble(self, tmp_path: Path) -> None:
        folder = tmp_path / 'it\'s "a" folder'
        folder.mkdir()

        env = Built(folder, git(username="me", password=SECRET)).env

        assert answer_of_git(env, "https://any.example.com")["password"] == SECRET

    def test_the_settings_that_git_has_been_given_stay(self, tmp_path: Path) -> None:
        given = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "/x",
        }
        built = Built(tmp_path, git(username="me", password=SECRET), **given)

        env = go_environment({**given, **built.env}, tmp_path)

        keys = [env[f"GIT_CONFIG_KEY_{n}"] for n in range(int(env["GIT_CONFIG_COUNT"]))]
        assert keys == ["safe.directory", "credential.helper", "safe.directory"]

    def test_go_too_logs_in_where_it_looks_for_a_repository(self, tmp_path: Path) -> None:
        credentials = git(context="git.example.com:8443", username="me", password="pw")

        built = Built(tmp_path, credentials)

        assert (built.folder / "netrc").read_text() == (
            "machine git.example.com:8443 login me password pw\n"
        )
        assert built.env["GOPRIVATE"] == "git.example.com"

    def test_what_netrc_says_of_the_host_comes_first(self, tmp_path: Path) -> None:
        built = Built(
            tmp_path,
            git(context="https://git.example.com", username="for-git", password="pw"),
            binding("netrc", netrc="machine git.example.com login for-go password pw"),
        )

        assert "for-git" not in (built.folder / "netrc").read_text()
        assert answer_of_git(built.env, "https://git.example.com")["username"] == "for-git"

    def test_two_for_one_context_are_refused_by_name(self) -> None:
        keys = {"username": "me", "password": SECRET}
        one = binding("git-credentials", "one", context="https://h.example.com", **keys)
        two = binding("Git-Credentials", "two", context="https://H.example.com/", **keys)

        assert "one and two are both for https://h.example.com" in refused(one, two).summary

    def test_two_without_context_are_refused_by_name(self) -> None:
        keys = {"username": "me", "password": SECRET}
        pair = [binding("git-credentials", name, **keys) for name in ("one", "two")]

        assert "one and two are both for every address" in refused(*pair).summary

    def test_what_is_missing_is_named_with_what_is_there(self) -> None:
        error = refused(git(password=SECRET, token=SECRET))

        assert "has no key credentials (nor both username and password)" in error.summary
        assert error.detail == "its keys: password, token"

    @pytest.mark.parametrize("text", [f"https://me:{SECRET}@host", f"={SECRET}", "username=me"])
    def test_what_is_no_answer_to_git_is_refused(self, text: str) -> None:
        assert "key credentials of the binding my-git-credentials" in str(
            refused(git(credentials=text))
        )

    @pytest.mark.parametrize(
        "context", [f"https://a:{SECRET}@host", "https://[", "https://", "a b", "file:///x"]
    )
    def test_a_context_that_is_no_address_is_refused(self, context: str) -> None:
        assert "context" in refused(git(context=context, username="a", password="b")).summary


class TestNetrc:
    def test_several_make_one_file_before_the_users_own(self, tmp_path: Path) -> None:
        (tmp_path / "own").write_text("machine own.example.com login o password p\nmacdef x\n")
        built = Built(
            tmp_path,
            binding("netrc", "a", netrc="machine a.example.com login a password pa"),
            Binding(
                "b", "netrc", secrets={".netrc": "machine b.example.com\nlogin b\npassword pb"}
            ),
            NETRC=str(tmp_path / "own"),
        )

        assert Path(built.env["NETRC"]).read_text().splitlines() == [
            "machine a.example.com login a password pa",
            "machine b.example.com login b password pb",
            "machine own.example.com login o password p",
        ]

    def test_git_logs_in_by_it_as_well(self, tmp_path: Path) -> None:
        text = "machine h.example.com:8443 login me password pw"

        env = Built(tmp_path, binding("netrc", netrc=text)).env

        assert answer_of_git(env, "https://h.example.com:8443/x")["password"] == "pw"
        assert answer_of_git(env, "https://h.example.com/x") == {}

    def test_the_same_twice_is_fine_and_a_contradiction_is_named(self, tmp_path: Path) -> None:
        one = binding("netrc", "one", netrc=f"machine h.example.com login me password {SECRET}")
        same = Binding("same", "netrc", secrets=one.secrets)
        other = binding("goproxy", "other", url="https://h.example.com", token=SECRET)

        assert Built(tmp_path, one, same).env["GOPRIVATE"] == "h.example.com"
        error = refused(one, other)
        assert "binding other and the binding one give different credentials" in error.summary

    @pytest.mark.parametrize("text", ["", f"machine x\npassword {SECRET}", f"password {SECRET}"])
    def test_a_file_without_a_whole_entry_is_refused(self, text: str) -> None:
        assert "my-netrc" in refused(binding("netrc", netrc=text)).summary

    def test_goauth_of_the_users_own_is_kept_and_netrc_added(self, tmp_path: Path) -> None:
        text = binding("netrc", netrc="machine h.example.com login me password pw")

        assert Built(tmp_path, text, GOAUTH="mine --x").env["GOAUTH"] == "mine --x;netrc"
        assert "GOAUTH is off" in refused(text, GOAUTH="off").summary


class TestGoProxy:
    def test_the_address_loses_its_password_and_comes_before_the_users_own(
        self, tmp_path: Path
    ) -> None:
        address = "https://me:p%40w@proxy.example.com:8443/go/|https://open.example.com"
        built = Built(tmp_path, binding("goproxy", url=address), GOPROXY="https://own|direct")

        assert built.env["GOPROXY"] == (
            "https://proxy.example.com:8443/go/|https://open.example.com,https://own|direct"
        )
        assert Path(built.env["NETRC"]).read_text() == (
            "machine proxy.example.com:8443 login me password p@w\n"
        )
        assert "GOPRIVATE" not in built.env

    def test_without_a_variable_no_other_proxy_is_asked(self, tmp_path: Path) -> None:
        built = Built(tmp_path, binding("goproxy", uri="https://proxy.example.com:443"))

        assert built.env["GOPROXY"] == "https://proxy.example.com:443"
        assert "NETRC" not in built.env

    @pytest.mark.parametrize(
        ("keys", "user"),
        [
            ({"token": "t"}, "token"),
            ({"token": "t", "username": "bot"}, "bot"),
            ({"password": "t", "username": "bot"}, "bot"),
        ],
    )
    def test_user_and_token_may_be_keys_of_their_own(
        self, tmp_path: Path, keys: dict[str, str], user: str
    ) -> None:
        url = "https://proxy.example.com:443,direct"

        built = Built(tmp_path, binding("goproxy", url=url, **keys))

        assert Path(built.env["NETRC"]).read_text() == (
            f"machine proxy.example.com login {user} password t\n"
        )

    def test_settings_of_go_go_with_it_and_the_users_sumdb_wins(self, tmp_path: Path) -> None:
        proxy = binding(
            "goproxy",
            url="https://proxy.example.com",
            gosumdb="sum.corp.example.com",
            private="a.example.com",
            noproxy="b.example.com, c.example.com",
            nosumdb="d.example.com/*",
        )
        (tmp_path / "other").mkdir()

        env = Built(tmp_path, proxy).env

        assert env["GOSUMDB"] == "sum.corp.example.com"
        assert "GOPRIVATE" not in env
        assert env["GONOPROXY"] == "b.example.com,c.example.com"
        assert env["GONOSUMDB"] == "a.example.com,d.example.com/*"
        assert "GOSUMDB" not in Built(tmp_path / "other", proxy, GOSUMDB="off").env

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ({"token": SECRET}, "has no key url or uri"),
            ({"url": f"http://me:{SECRET.replace('/', '')}@h.example.com"}, "by http://"),
            ({"url": "http://h.example.com", "token": SECRET}, "by http://"),
            ({"url": "proxy.example.com"}, "is no address"),
            ({"url": f"https://me:{SECRET}@h.example.com"}, "is no address"),
            ({"url": f"https://me:1{SECRET}@h.example.com"}, "is no address"),
            ({"url": "https://a.example.com,https://b.example.com", "token": SECRET}, "names 2"),
            ({"url": "direct", "token": SECRET}, "names 0 proxies"),
            ({"url": "https://["}, "is no address"),
        ],
    )
    def test_what_cannot_be_a_proxy_with_a_password_is_refused(
        self, keys: dict[str, str], says: str
    ) -> None:
        assert says in refused(binding("goproxy", **keys)).summary

    def test_a_password_that_netrc_cannot_hold_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="has white space in it"):
            Built(tmp_path, binding("goproxy", url="https://h.example.com", token="a b"))

    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1))
    def test_no_password_stays_in_the_address(self, password: str) -> None:
        quoted = "".join(f"%{byte:02x}" for byte in password.encode())
        found = goproxy.read([binding("goproxy", url=f"https://me:{quoted}@h.example.com/x,off")])

        assert found[0].goproxy == "https://h.example.com/x,off"
        assert found[0].logins[0].password == password


class TestSsh:
    def test_git_uses_ssh_for_the_hosts_named_and_asks_nothing(self, tmp_path: Path) -> None:
        hosts = "git.example.com:2222\nhttps://Forge.example.com/acme/"

        built = Built(tmp_path, binding("ssh", hosts=hosts, **SSH))

        assert built.git_settings() == {
            "url.ssh://git@git.example.com:2222/.insteadOf": "https://git.example.com/",
            "url.ssh://git@forge.example.com.acme/acme/.insteadOf": (
                "https://forge.example.com/acme/"
            ),
        }
        assert built.env["GOPRIVATE"] == "git.example.com,forge.example.com/acme"
        assert (built.folder / "ssh-0").read_text() == PLAIN

    def test_the_configuration_is_what_ssh_understands(self, tmp_path: Path) -> None:
        built = Built(
            tmp_path,
            binding("ssh", "one", hosts="git.example.com", **SSH),
            binding("ssh", "two", **SSH),
        )

        command = shlex.split(built.env["GIT_SSH_COMMAND"])
        asked = subprocess.run(
            [*command, "-G", "git.example.com"], capture_output=True, text=True, check=True
        ).stdout.splitlines()

        assert {"batchmode yes", "identitiesonly yes"} <= {*asked}
        assert any(
            line in asked for line in ("stricthostkeychecking true", "stricthostkeychecking yes")
        )
        assert f"userknownhostsfile {built.folder}/known_hosts" in asked
        assert [line for line in asked if line.startswith("identityfile")] == [
            f"identityfile {built.folder}/ssh-0",
            f"identityfile {built.folder}/ssh-1",
        ]

    def test_each_path_of_a_host_has_the_key_of_its_own(self, tmp_path: Path) -> None:
        built = Built(
            tmp_path,
            binding("ssh", "one", hosts="forge.example.com/acme/a", **SSH),
            binding("ssh", "two", hosts="forge.example.com/acme/b", **SSH),
        )

        asked = subprocess.run(
            [*shlex.split(built.env["GIT_SSH_COMMAND"]), "-G", "forge.example.com.acme.b"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()

        assert "hostname forge.example.com" in asked
        assert [line for line in asked if line.startswith("identityfile")] == [
            f"identityfile {built.folder}/ssh-1"
        ]

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ({"known_hosts": "x"}, "has no key ssh-privatekey"),
            ({"ssh-privatekey": PLAIN}, "has no key known_hosts"),
            ({**SSH, "ssh-privatekey": ENCRYPTED}, "is encrypted"),
            ({**SSH, "ssh-privatekey": "ssh-ed25519 AAAA me"}, "is not a private key"),
            (
                {**SSH, "ssh-privatekey": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n"},
                "is encrypted",
            ),
            ({**SSH, "hosts": "git@host"}, "is no host"),
            ({**SSH, "hosts": "host:ssh"}, "is no host"),
        ],
    )
    def test_what_cannot_work_is_refused(self, keys: dict[str, str], says: str) -> None:
        assert says in refused(binding("ssh", **keys)).summary

    def test_real_keys_are_told_apart(self, tmp_path: Path) -> None:
        for name, passphrase in (("open", ""), ("locked", "hunter22")):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", name]
            subprocess.run(argv, cwd=tmp_path, check=True)
        known = {"known_hosts": "x"}

        key = (tmp_path / "open").read_text()
        read_given(
            DetectContext(
                MemoryTree({}), {}, bindings=(binding("ssh", **known, **{"ssh-privatekey": key}),)
            )
        )
        locked = {**known, "ssh-privatekey": (tmp_path / "locked").read_text()}
        assert "is encrypted" in refused(binding("ssh", **locked)).summary

    def test_one_place_in_two_bindings_is_refused(self) -> None:
        pair = [binding("ssh", name, hosts="git.example.com", **SSH) for name in ("one", "two")]

        assert "one and two both name git.example.com" in refused(*pair).summary


class TestGoAuth:
    def test_a_command_prints_what_go_reads_whatever_it_is_asked(self, tmp_path: Path) -> None:
        text = f"https://a.example.com/x\nhttps://b.example.com\n\nAuthorization:  Bearer {SECRET}"
        built = Built(tmp_path, binding("goauth", goauth=text))

        command, rest = built.env["GOAUTH"].split(";")
        printed = subprocess.run(
            [*shlex.split(command), "https://a.example.com"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

        assert rest == "netrc"
        assert printed == (
            f"https://a.example.com/x\nhttps://b.example.com\n\nAuthorization: Bearer {SECRET}\n\n"
        )

    def test_the_users_own_commands_come_after_it(self, tmp_path: Path) -> None:
        headers = binding("goauth", goauth="https://a.example.com\n\nX-Token: abc")

        command = Built(tmp_path, headers, GOAUTH="git /x; netrc").env["GOAUTH"]

        assert command.endswith(";git /x;netrc")

    @pytest.mark.parametrize(
        "text",
        [
            "https://a.example.com",
            f"http://a.example.com\n\nX-Token: {SECRET}",
            f"https://me:{SECRET}@a.example.com\n\nX: y",
            f"https://a.example.com\n\n{SECRET}",
            f"https://a.example.com\n\nX: y\n\n{SECRET}",
        ],
    )
    def test_what_go_could_not_read_is_refused(self, text: str) -> None:
        assert "the key goauth" in refused(binding("goauth", goauth=text)).summary

    def test_one_address_in_two_bindings_is_refused(self) -> None:
        text = "https://a.example.com\n\nX: y"
        pair = [binding("goauth", name, goauth=text) for name in ("one", "two")]

        assert "one and two are both for https://a.example.com" in refused(*pair).summary

    @given(
        st.lists(
            st.tuples(
                st.from_regex(r"https://[a-z]{1,9}\.example\.com(/[a-z]{1,5})?", fullmatch=True),
                st.from_regex(r"X-[A-Za-z]{1,8}: [!-~]{1,20}", fullmatch=True),
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda pair: pair[0],
        )
    )
    def test_what_is_read_is_what_is_printed(self, pairs: list[tuple[str, str]]) -> None:
        text = "".join(f"{address}\n\n{header}\n\n" for address, header in pairs)

        script = goauth.command_text(goauth.read([binding("goauth", goauth=text)]))

        done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True)
        assert done.stdout == text


class TestPrivateModules:
    def test_a_host_of_public_modules_is_not_private_as_a_whole_and_the_log_says_so(
        self, tmp_path: Path
    ) -> None:
        keys = {"username": "me", "password": "pw"}

        built = Built(tmp_path, git(context="https://github.com", **keys))

        assert "GOPRIVATE" not in built.env
        assert "github.com holds public modules too" in built.said

    def test_a_part_of_such_a_host_is(self, tmp_path: Path) -> None:
        keys = {"username": "me", "password": "pw", "private": "github.com/other"}

        built = Built(tmp_path, git(context="https://github.com/acme", **keys))

        assert built.env["GOPRIVATE"] == "github.com/acme,github.com/other"

    def test_a_machine_that_is_a_proxy_is_not_private(self, tmp_path: Path) -> None:
        hosts = ("p.example.com:8443", "g.example.com")
        text = "\n".join(f"machine {host} login a password b" for host in hosts)

        built = Built(
            tmp_path, binding("netrc", netrc=text), GOPROXY="https://p.example.com:8443/go"
        )

        assert built.env["GOPRIVATE"] == "g.example.com"

    @pytest.mark.parametrize(
        ("patterns", "env", "changed"),
        [
            (Patterns(), {"GOPRIVATE": "a"}, {}),
            (Patterns(("b",)), {"GOPRIVATE": "a, b"}, {"GOPRIVATE": "a,b"}),
            (Patterns(("b",)), {"GONOPROXY": "none"}, {"GOPRIVATE": "b"}),
            (Patterns(("b",)), {"GONOSUMDB": "c"}, {"GOPRIVATE": "b", "GONOSUMDB": "c,b"}),
            (Patterns(noproxy=("b",)), {"GOPRIVATE": "a"}, {"GONOPROXY": "a,b"}),
            (Patterns(nosumdb=("b",)), {"GOPRIVATE": "a"}, {"GONOSUMDB": "a,b"}),
        ],
    )
    def test_patterns_are_added_to_those_of_the_user(
        self, patterns: Patterns, env: dict[str, str], changed: dict[str, str]
    ) -> None:
        assert variables(patterns, env) == changed
