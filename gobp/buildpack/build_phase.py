"""bin/build: runs the components that take part, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.buildpack.builders import BUILDERS
from gobp.buildpack.component import BuildContext, DetectContext, Host
from gobp.buildpack.facts import read_facts
from gobp.buildpack.group import Group, Member, NotDetected, resolve_group
from gobp.buildpack.hints import hints
from gobp.buildpack.layers import Layers
from gobp.buildpack.merge import merge
from gobp.buildpack.report import RecordedCommands, Recorder
from gobp.buildpack.secrets import secrets_of
from gobp.buildpack.session import Session
from gobp.cnb import toml
from gobp.cnb.buildpack import BuildpackToml
from gobp.cnb.buildpack_plan import BuildpackPlan
from gobp.cnb.exit_status import PASS
from gobp.cnb.launch import Launch
from gobp.cnb.phases import BuildInputs
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.system.fetch import HttpFetcher
from gobp.system.files import write_atomically
from gobp.system.machine import machine_architecture
from gobp.system.process import SystemCommands


@dataclass(frozen=True, slots=True)
class _Phase:
    """What the build phase as a whole was given."""

    inputs: BuildInputs
    buildpack: BuildpackToml
    facts: DetectContext
    group: Group
    log: BuildLog
    report: Recorder


def run(env: Mapping[str, str], arguments: Sequence[str], app_dir: Path) -> int:
    """Build the app in ``app_dir`` and return the exit status. Raises UserError."""
    inputs = BuildInputs.from_environment(env, arguments)
    source = Path(inputs.buildpack_dir, "buildpack.toml")
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    buildpack = BuildpackToml.from_toml(document, source=str(source))
    log = BuildLog(debug=env.get("BP_LOG_LEVEL", "").lower() == "debug")
    log.title(f"{buildpack.name} {buildpack.version}")
    log.gap()
    facts = read_facts(app_dir, Path(inputs.platform_dir), inputs.target, env)
    log.mask(secrets_of(env, facts.bindings))
    for hint in hints(facts.platform_env, facts.app.names()):
        log.warning(hint)
    phase = _Phase(inputs, buildpack, facts, _group(facts, inputs), log, Recorder())
    launch = _build_members(phase, app_dir)
    content = toml.dumps(launch.to_toml(buildpack.api))
    write_atomically(Path(inputs.layers_dir, "launch.toml"), content.encode())
    return PASS


def _group(facts: DetectContext, inputs: BuildInputs) -> Group:
    plan_text = Path(inputs.plan_path).read_text(encoding="utf-8")
    plan = BuildpackPlan.from_toml(
        toml.loads(plan_text, source=inputs.plan_path), source=inputs.plan_path
    )
    group = resolve_group(facts, plan)
    if isinstance(group, NotDetected):
        raise UserError(
            f"this is not a Go app: {group.reason}",
            remedy="run detect before build; the app has changed in between.",
        )
    return group


def _build_members(phase: _Phase, app_dir: Path) -> Launch:
    for member in phase.group.members:
        BUILDERS[member.component].check(phase.facts)
    layers = Layers(Path(phase.inputs.layers_dir))
    with Session() as session:
        return merge(
            [_build(phase, app_dir, member, layers, session) for member in phase.group.members]
        )


def _build(
    phase: _Phase, app_dir: Path, member: Member, layers: Layers, session: Session
) -> Launch:
    env = {**layers.build_environment(phase.facts.env), **session.env}
    fetcher = HttpFetcher(env, on_retry=phase.log.action)
    commands = RecordedCommands(SystemCommands(), phase.report)
    context = BuildContext(
        facts=replace(phase.facts, env=env),
        app_dir=app_dir,
        buildpack_dir=Path(phase.inputs.buildpack_dir),
        metadata=phase.buildpack.metadata,
        env=env,
        entries=member.entries,
        layers=layers,
        session=session,
        host=Host(machine_architecture(), commands, fetcher),
        log=phase.log,
        report=phase.report,
    )
    builder = BUILDERS[member.component]
    phase.log.title(builder.title)
    return builder.build(context)
