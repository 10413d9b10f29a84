"""Make the sandbox that the settings ask for."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from gobp.buildservice.sandbox.bubblewrap import BubblewrapSandbox, Machine
from gobp.buildservice.sandbox.groups import find_groups
from gobp.buildservice.sandbox.modules import ModuleProxy, proxy_settings
from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Sandbox, SandboxError
from gobp.buildservice.sandbox.seccomp import make_filter
from gobp.buildservice.sandbox.unsandboxed import Unsandboxed
from gobp.buildservice.sandbox.user import find_user
from gobp.buildservice.sandbox.world import write_etc
from gobp.buildservice.settings.schema import Settings
from gobp.errors import UserError
from gobp.modproxy.settings.go_env import go_env
from gobp.system.process import SystemCommands

_MODULES = "proxy"  # below root: what the proxy for commands keeps
_ETC = Path("sandbox", "etc")
_MIB = 1024 * 1024
_NONE = "sandbox.kind: none, with sandbox.i_trust_all_sources: true, does without a sandbox."
_TRIAL = Limits(memory=256 * _MIB, processes=16, disk=16 * _MIB, file=_MIB, output=_MIB, seconds=30)


def open_sandbox(settings: Settings, env: Mapping[str, str], root: Path) -> Sandbox:
    """Return the sandbox, which was tried with a small command.

    ``env`` has the variables by which go, and what is fetched with it, are configured; what is
    kept is below ``root``. Raises UserError where this machine does not let it work.
    """
    modules = ModuleProxy(
        proxy_settings(settings.sources, root / _MODULES, go_env(SystemCommands(), env))
    )
    if settings.sandbox.kind == "none":
        return Unsandboxed(find_groups(), modules)
    sandbox = _bubblewrap(settings, env, root, modules)
    try:
        _try(sandbox)
    except SandboxError as error:
        raise UserError(
            f"the sandbox does not work here: {error}",
            remedy="run gobp as a plain user, and let users make user namespaces"
            " (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_"
            f"userns, user.max_user_namespaces; in a container, its seccomp profile). {_NONE}",
        ) from None
    return sandbox


def _bubblewrap(
    settings: Settings, env: Mapping[str, str], root: Path, modules: ModuleProxy
) -> BubblewrapSandbox:
    program = shutil.which("bwrap", path=env.get("PATH"))
    if program is None:
        raise UserError(
            "bwrap, which keeps the code of repositories in, is not installed",
            remedy=f"install it (Debian's package bubblewrap). {_NONE}",
        )
    user = find_user(settings.sandbox.user)
    write_etc(root / _ETC)
    try:
        seccomp = make_filter()
    except SandboxError as error:
        raise UserError(
            str(error), remedy=f"install libseccomp (Debian's package libseccomp2). {_NONE}"
        ) from None
    machine = Machine(program, user, root / _ETC, seccomp, find_groups())
    return BubblewrapSandbox(machine, modules)


def _try(sandbox: BubblewrapSandbox) -> None:
    """Run a command that does nothing, with a listener. Raises SandboxError."""
    said: list[str] = []
    command = Command(["true"], "/", {"PATH": "/usr/bin:/bin"})
    result = sandbox.run(command, _TRIAL, said.append, Event())
    if result.ended is not Ended.EXITED or result.status != 0:
        raise SandboxError(said[-1] if said else f"a command without effect {result.ended}")
