"""What ``BP_LOG_LEVEL=DEBUG`` adds to the log: variables, layers' environment, settings of go."""

import re
from collections.abc import Iterable, Mapping

from gobp.buildpack.app.layout import AppLayout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.group import Group
from gobp.buildpack.reporting.variables import is_known
from gobp.cnb.env import LayerEnvironment, Modification
from gobp.log import LEVELS, BuildLog

_VARIABLE = "BP_LOG_LEVEL"
# Names whose values are settings of go and of the lifecycle; passwords in them are masked.
_OPEN = re.compile(r"GO[A-Z0-9]+|CGO_[A-Z0-9_]+|CNB_[A-Z_]+|PATH|HOME|TMPDIR|SSL_CERT_(?:FILE|DIR)")
_FOR_THE_APP = "BPE_"  # they may hold the app's secrets
_HIDDEN = "***"


def log_of(env: Mapping[str, str]) -> BuildLog:
    """Return the log of a build at the level of BP_LOG_LEVEL; of an unknown level it warns."""
    level = env.get(_VARIABLE, "").strip()
    log = BuildLog(debug=level.upper() == "DEBUG")
    if level and level.upper() not in LEVELS:
        log.warning(f"{_VARIABLE} is {level!r}; the levels are {' and '.join(LEVELS)}")
    return log


def log_variables(log: BuildLog, env: Mapping[str, str]) -> None:
    """Name every variable of the build, with the values of those that gobp and go read."""
    if log.says_more:
        log.process("Variables of the build")
        _table(log, ((name, _shown(name, value)) for name, value in sorted(env.items())))


def log_decisions(log: BuildLog, group: Group, layout: AppLayout) -> None:
    """Show which components take part, and how the app is laid out."""
    if log.says_more:
        log.process("Decisions")
        parts = [(member.component, "takes part") for member in group.members]
        left_out = [(name, f"left out: {reason}") for name, reason in group.left_out.items()]
        mode = f"{layout.mode.value}, in {layout.workdir or 'the root of the app'}"
        how = [("mode", mode), ("vendor folder", layout.vendor.value)]
        _table(log, (*parts, *left_out, *how))


def log_layer_environment(log: BuildLog, name: str, environment: LayerEnvironment) -> None:
    """Show the variables that a layer sets for the build and for the app, as Paketo does."""
    if not log.says_more:
        return
    for purpose, modifications in (
        ("build", (*environment.every, *environment.build)),
        ("launch", (*environment.every, *environment.launch)),
    ):
        if modifications:
            log.process(f"Configuring {purpose} environment (layer {name})")
            _table(log, (_modified(each) for each in modifications))


def log_go(context: BuildContext, env: Mapping[str, str]) -> None:
    """Show which Go and git run, and the settings of go that are not its defaults."""
    if not context.log.says_more:
        return
    context.log.process("Tools")
    for argv in (("go", "version"), ("git", "--version"), ("go", "env", "-changed")):
        done = context.host.commands.capture(argv, cwd=context.app_dir, env=env)
        if done.status == 0:  # -changed is unknown to Go before 1.23
            for line in done.stdout.splitlines():
                context.log.subprocess(line)


def _shown(name: str, value: str) -> str:
    known = is_known(name) or _OPEN.fullmatch(name)
    return f'"{value}"' if known and not name.startswith(_FOR_THE_APP) else _HIDDEN


def _modified(change: Modification) -> tuple[str, str]:
    suffix = "" if change.operation.value == "override" else f" ({change.operation.value})"
    return change.name, f"{_shown(change.name, change.value)}{suffix}"


def _table(log: BuildLog, rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        log.subprocess(f"{name:<{width}} -> {value}")
    log.gap()
