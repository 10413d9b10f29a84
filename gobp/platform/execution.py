"""Running a buildpack's executables with the environment that the specification gives them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb.buildpack import escape_id
from gobp.cnb.env import INHERITED_VARIABLES, apply_platform_env
from gobp.cnb.exit_status import PASS
from gobp.cnb.phases import Target
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.platform.buildpacks import Buildpack
from gobp.platform.relocation import image_relocation
from gobp.platform.workspace import Workspace
from gobp.system.process import Commands

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXECUTION_ENVIRONMENT = "production"
_OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all executables of one build see: folders, target, variables of this machine and user.

    ``machine_env`` is already cut down to what a phase keeps; ``user_env`` is the content of
    ``<platform>/env``.
    """

    workspace: Workspace
    target: Target
    machine_env: Mapping[str, str]
    user_env: Mapping[str, str]
    commands: Commands


@dataclass(frozen=True, slots=True)
class DetectRun:
    """What ``bin/detect`` left: exit status (-1: it did not run), its output, its plan's text."""

    status: int
    output: str
    plan: str


def kept_environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the variables of this process that buildpacks see; HOME is the build's own.

    The user's home is left out: what lies there must not decide what an image holds.
    """
    kept = {name: environ[name] for name in INHERITED_VARIABLES if name in environ}
    return {"PATH": _DEFAULT_PATH, **kept, "HOME": str(home)}


def host_target(os_name: str, architecture: str) -> Target:
    """Return a target whose distribution is this machine's, by its ``/etc/os-release``.

    That is what the lifecycle takes where a run image names none.
    """
    text = ""
    if _OS_RELEASE.is_file():
        text = _OS_RELEASE.read_text(encoding="utf-8", errors="replace")
    fields = dict(line.partition("=")[::2] for line in text.splitlines())
    name, version = (fields.get(key, "").strip("\"' ") for key in ("ID", "VERSION_ID"))
    return Target(os_name, architecture, "", name, version)


def run_detect(buildpack: Buildpack, surroundings: Surroundings) -> DetectRun:
    """Run ``bin/detect`` on the app and return all it said."""
    folder = _plan_folder(surroundings, buildpack, "detect")
    plan = folder / "plan.toml"
    plan.touch(mode=0o600)
    platform = surroundings.workspace.platform
    own = {"CNB_PLATFORM_DIR": str(platform), "CNB_BUILD_PLAN_PATH": str(plan)}
    lines: list[str] = []
    status = _run(
        buildpack,
        ("detect", str(platform), str(plan)),
        _environment(buildpack, surroundings, surroundings.machine_env, own),
        surroundings,
        lines.append,
    )
    text = plan.read_text(encoding="utf-8", errors="replace") if status == PASS else ""
    return DetectRun(status, "\n".join(lines), text)


def run_build(
    buildpack: Buildpack,
    surroundings: Surroundings,
    layer_env: Mapping[str, str],
    plan: str,
    log: BuildLog,
) -> int:
    """Run ``bin/build``, showing its output as it comes, and return its exit status.

    The output names paths as the image will have them: the private ones mean nothing to a reader.
    ``layer_env`` is the environment with the build layers of earlier buildpacks; ``plan`` is the
    Buildpack Plan's TOML.
    """
    layers = surroundings.workspace.layers / escape_id(buildpack.id)
    layers.mkdir(exist_ok=True)
    relocation = image_relocation(surroundings.workspace)
    plan_path = _plan_folder(surroundings, buildpack, "build") / "plan.toml"
    plan_path.write_text(plan, encoding="utf-8")
    platform = surroundings.workspace.platform
    own = {
        "CNB_PLATFORM_DIR": str(platform),
        "CNB_BP_PLAN_PATH": str(plan_path),
        "CNB_LAYERS_DIR": str(layers),
    }
    return _run(
        buildpack,
        ("build", str(layers), str(platform), str(plan_path)),
        _environment(buildpack, surroundings, layer_env, own),
        surroundings,
        lambda line: log.title(relocation.text(line)),
    )


def _environment(
    buildpack: Buildpack,
    surroundings: Surroundings,
    base: Mapping[str, str],
    own: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of an executable: base, user's, buildpack's, target's."""
    user = {} if buildpack.descriptor.clear_env else surroundings.user_env
    env = apply_platform_env(base, user)
    env["CNB_BUILDPACK_DIR"] = str(buildpack.root)
    if buildpack.api_at_least("0.8"):
        env |= own
    if buildpack.api_at_least("0.10"):
        env |= surroundings.target.to_environment()
    if buildpack.api_at_least("0.12"):
        env["CNB_EXEC_ENV"] = EXECUTION_ENVIRONMENT
    return env


def _plan_folder(surroundings: Surroundings, buildpack: Buildpack, phase: str) -> Path:
    name = f"{phase}-{escape_id(buildpack.id)}-{buildpack.descriptor.version}"
    folder = surroundings.workspace.plans / name
    folder.mkdir()
    return folder


def _run(
    buildpack: Buildpack,
    words: tuple[str, ...],
    env: Mapping[str, str],
    surroundings: Surroundings,
    on_line: Callable[[str], None],
) -> int:
    executable = buildpack.root / "bin" / words[0]
    if not os.access(executable, os.X_OK):
        raise UserError(
            f"{buildpack} has no executable bin/{words[0]}",
            detail=f"looked for {executable}",
            remedy="make the file, and let it be executable (chmod +x).",
        )
    argv = [str(executable), *words[1:]]
    try:
        return surroundings.commands.run(
            argv, cwd=surroundings.workspace.app, env=env, on_line=on_line
        )
    except OSError as error:  # no #! line, or a program for another machine
        raise UserError(
            f"bin/{words[0]} of {buildpack} cannot run: {error.strerror}",
            remedy="begin a script with #!, and use a program built for this machine.",
        ) from error
