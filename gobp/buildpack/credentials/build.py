"""Puts credentials where go, git and ssh find them: private files, and variables of this build."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.credentials import private_modules, ssh
from gobp.buildpack.credentials.git_credentials import GitCredentials
from gobp.buildpack.credentials.given import Given, read_given
from gobp.buildpack.credentials.goauth import command_text
from gobp.buildpack.credentials.logins import Login, git_answer, netrc_text
from gobp.buildpack.go.git_config import git_config
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes
from gobp.system.netrc import read_netrc

LAYER = "credentials"


def build(context: BuildContext) -> Launch:
    """Set up every kind of credentials; nothing of them is in a layer or in an argument."""
    given = read_given(context.facts)
    files = _PrivateFiles(context.session.folder())
    variables = {
        **_proxy_variables(given, context.env),
        **_netrc_variables(given, context.env, files),
        **_goauth_variables(given, context.env, files),
        **_ssh_variables(given, files),
        **_git_variables(given, context.env, files),
    }
    private = private_modules.variables(given.patterns(context.env), context.env)
    for name, value in {**variables, **private}.items():
        context.session.set(name, value)
    _hand_on(context, given)
    _report(context, given, private)
    return Launch()


def _hand_on(context: BuildContext, given: Given) -> None:
    """Let git log in for buildpacks after this one too: from the bindings' own files.

    The layer is of the build alone, and holds where the files are, not what is in them.
    """
    files = [(each.helper, _file_of(each)) for each in given.git]
    settings = [(name, _helper(path)) for name, path in files if path is not None]
    if not settings:
        return
    layer = context.layers.layer(LAYER)
    layer.reset()
    variables = git_config(context.env, settings)
    environment = LayerEnvironment(
        build=tuple(
            Modification(name, Operation.OVERRIDE, value) for name, value in variables.items()
        )
    )
    context.layers.contribute(layer, LayerTypes(build=True), environment=environment)


def _file_of(given: GitCredentials) -> Path | None:
    """Return the file with what git is told, in either layout of a binding."""
    places = [Path(given.folder, name) for name in ("credentials", "secret/credentials")]
    return next((path for path in places if given.folder and path.is_file()), None)


class _PrivateFiles:
    """Files that only this user can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path


def _proxy_variables(given: Given, env: Mapping[str, str]) -> dict[str, str]:
    """Return GOPROXY: what the bindings name, then what the user's variable names."""
    variables = {}
    if given.goproxy:
        lists = (*(each.goproxy for each in given.goproxy), env.get("GOPROXY", ""))
        variables["GOPROXY"] = ",".join(each for each in lists if each)
    gosumdb = next((each.gosumdb for each in given.goproxy if each.gosumdb), "")
    if gosumdb and not env.get("GOSUMDB"):
        variables["GOSUMDB"] = gosumdb
    return variables


def _netrc_variables(given: Given, env: Mapping[str, str], files: _PrivateFiles) -> dict[str, str]:
    """Return NETRC: the bindings' logins, then those of the file that the user has already."""
    logins = given.logins()
    if not logins:
        return {}
    own = [Login(each.machine, each.login, each.password) for each in read_netrc(env)]
    return {"NETRC": str(files.put("netrc", netrc_text((*logins, *own))))}


def _goauth_variables(given: Given, env: Mapping[str, str], files: _PrivateFiles) -> dict[str, str]:
    """Return GOAUTH: the bindings' headers, then the user's commands, then netrc.

    sh runs the file, as folders in memory are often mounted so that no file in them can be run.
    """
    commands = [part.strip() for part in env.get("GOAUTH", "").split(";") if part.strip()]
    if not (commands or given.goauth):
        return {}  # go's default is netrc
    if "netrc" not in commands and (given.logins() or not commands):
        commands.append("netrc")
    if given.goauth:
        commands.insert(0, f"sh '{files.put('goauth.sh', command_text(given.goauth))}'")
    return {"GOAUTH": ";".join(commands)}


def _ssh_variables(given: Given, files: _PrivateFiles) -> dict[str, str]:
    if not given.ssh:
        return {}
    identities = [
        (key, str(files.put(f"ssh-{number}", key.key))) for number, key in enumerate(given.ssh)
    ]
    known = files.put("known_hosts", "".join(key.known_hosts for key in given.ssh))
    config = files.put("ssh_config", ssh.ssh_config(identities, str(known)))
    return {"GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(config))}"}


def _git_variables(given: Given, env: Mapping[str, str], files: _PrivateFiles) -> dict[str, str]:
    """Return git's settings: a helper for each address, and what is fetched by ssh."""
    answers = {each.context: each.answer for each in given.git}
    for login in given.netrc:  # git reads no netrc file but the one in the user's home
        answers.setdefault(f"https://{login.machine}", git_answer(login))
    settings = []
    for number, (address, answer) in enumerate(answers.items()):
        path = files.put(f"git-{number}", answer)
        name = f"credential.{address}.helper" if address else "credential.helper"
        settings.append((name, _helper(path)))
    settings += [setting for key in given.ssh for setting in ssh.instead_of(key)]
    return git_config(env, settings) if settings else {}


def _helper(path: Path) -> str:
    """Return a shell function that answers git's question, and no other request, from a file."""
    return f'!f() {{ test "$1" = get && cat {shlex.quote(str(path))}; }}; f'


def _report(context: BuildContext, given: Given, private: Mapping[str, str]) -> None:
    """Say which places there are credentials for; never what they are."""
    log = context.log
    log.process("Configuring credentials")
    for each in given.git:
        log.subprocess(f"git-credentials {each.binding}: {each.context or 'every address'}")
    for login in given.netrc:
        log.subprocess(f"netrc: {login.machine}")
    for proxy in given.goproxy:
        log.subprocess(f"goproxy {proxy.binding}: {proxy.goproxy}")
    for key in given.ssh:
        places = ", ".join(server.host for server in key.servers)
        log.subprocess(f"ssh {key.binding}: {places or 'addresses that are ssh:// already'}")
    for auth in given.goauth:
        addresses = ", ".join(a for headers in auth.headers for a in headers.addresses)
        log.subprocess(f"goauth {auth.binding} (Go 1.24 or later): {addresses}")
    for name, value in private.items():
        log.subprocess(f"{name}={value}")
    for host in given.public_hosts():
        log.warning(
            f"{host} holds public modules too; if some there are private, name them in "
            f"GOPRIVATE or in the binding (key private), such as {host}/team"
        )
    log.gap()
