"""bin/build: runs the components that take part, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.builders import BUILDERS
from gobp.buildpack.component import BuildContext, DetectContext, Host
from gobp.buildpack.facts import read_facts
from gobp.buildpack.group import Group, Member, NotDetected, resolve_group
from gobp.buildpack.layers import Layers
from gobp.buildpack.merge import merge
from gobp.buildpack.reporting.debug_log import (
    log_decisions,
    log_layer_environment,
    log_of,
    log_variables,
)
from gobp.buildpack.reporting.hints import hints
from gobp.buildpack.reporting.report import RecordedCommands, Recorder
from gobp.buildpack.reporting.report_file import write_report
from gobp.buildpack.reporting.secrets import secrets_of
from gobp.buildpack.session import Session
from gobp.buildpack.unchanged.decision import Decision, decide, note
from gobp.buildpack.unchanged.key import Surroundings
from gobp.cnb import toml
from gobp.cnb.buildpack import BuildpackToml
from gobp.cnb.buildpack_plan import BuildpackPlan
from gobp.cnb.exit_status import PASS
from gobp.cnb.launch import Launch, Process
from gobp.cnb.phases import BuildInputs
from gobp.cnb.sbom import SbomFormat
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.system.fetch import HttpFetcher
from gobp.system.files import write_atomically
from gobp.system.machine import machine_architecture
from gobp.system.process import SystemCommands
from gobp.system.stop import stoppable

_COMPILES = "go-build"  # after it the programs are as they will be, and the source is still there


@dataclass(frozen=True, slots=True)
class _Phase:
    """What the build phase as a whole was given."""

    inputs: BuildInputs
    buildpack: BuildpackToml
    facts: DetectContext
    group: Group
    layers: Layers
    log: BuildLog
    report: Recorder


def run(env: Mapping[str, str], arguments: Sequence[str], app_dir: Path) -> int:
    """Build the app in ``app_dir`` and return the exit status. Raises UserError.

    However the build ends, its report is written.
    """
    log = log_of(env)
    report = Recorder()
    with stoppable():
        try:
            _run(env, arguments, app_dir, log, report)
        except UserError as error:
            report.failed(error)
            raise error.rewritten(log.masked) from error
        except BaseException as error:
            report.failed(error)
            raise
        finally:
            write_report(report, env, app_dir, log)
    return PASS


def _run(
    env: Mapping[str, str], arguments: Sequence[str], app_dir: Path, log: BuildLog, report: Recorder
) -> None:
    inputs = BuildInputs.from_environment(env, arguments)
    report.layers = layers = Layers(Path(inputs.layers_dir))
    source = Path(inputs.buildpack_dir, "buildpack.toml")
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    buildpack = BuildpackToml.from_toml(document, source=str(source))
    report.note("buildpack", {"id": buildpack.id, "version": buildpack.version})
    log.title(f"{buildpack.name} {buildpack.version}")
    log.gap()
    facts = read_facts(app_dir, Path(inputs.platform_dir), inputs.target, env)
    log.mask(secrets_of(env, facts.bindings))
    report.note("target", {"os": facts.target.os, "arch": facts.target.arch})
    log_variables(log, env)
    for hint in hints(facts.platform_env, facts.app.names()):
        log.warning(hint)
    phase = _Phase(inputs, buildpack, facts, _group(facts, inputs), layers, log, report)
    launch = _build_members(phase, app_dir)
    report.note("processes", [_process(each) for each in launch.processes])
    content = toml.dumps(launch.to_toml(buildpack.api))
    write_atomically(Path(inputs.layers_dir, "launch.toml"), content.encode())


def _process(process: Process) -> dict[str, object]:
    return {
        "type": process.type,
        "command": list(process.command),
        "args": list(process.args),
        "default": process.default,
    }


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
    layout = read_layout(phase.facts.app, phase.facts.env)
    phase.report.note("modules", {"mode": layout.mode.value, "vendor": layout.vendor.value})
    log_decisions(phase.log, phase.group, layout)
    decision = _decide(phase, app_dir)
    with Session() as session:
        return merge(
            [_build(phase, app_dir, member, session, decision) for member in phase.group.members]
        )


def _decide(phase: _Phase, app_dir: Path) -> Decision:
    """Decide whether the programs of the previous image stay, and say why not."""
    surroundings = Surroundings(
        facts=phase.facts,
        group=phase.group,
        app_dir=app_dir,
        layers_dir=phase.layers.root,
        buildpack_dir=Path(phase.inputs.buildpack_dir),
        metadata=phase.buildpack.metadata,
        architecture=machine_architecture(),
    )
    decision = decide(surroundings, map(SbomFormat.parse, phase.buildpack.sbom_formats))
    if decision.key:
        phase.report.count(bytesHashed=decision.key.files.size)
    if decision.keep:
        phase.report.note("go", decision.go)
    elif decision.because:
        phase.log.process(f"Building: {decision.because}")
        phase.log.gap()
    return decision


def _build(
    phase: _Phase, app_dir: Path, member: Member, session: Session, decision: Decision
) -> Launch:
    layers = phase.layers
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
        is_for_others=member.is_for_others,
    )
    builder = BUILDERS[member.component]
    phase.log.title(builder.title)
    contributed = len(layers.environments)
    kept = builder.keep if decision.keep else None
    with phase.report.component(member.component):
        launch = (kept or builder.build)(context)
    if member.component == _COMPILES and not decision.keep:
        _note(phase, app_dir, decision)
    for name, environment in layers.environments[contributed:]:
        log_layer_environment(phase.log, name, environment)
    return launch


def _note(phase: _Phase, app_dir: Path, decision: Decision) -> None:
    because = note(decision, phase.layers, app_dir, phase.report.facts["go"])
    if because:
        phase.log.debug(f"The next build compiles in any case: {because}")
