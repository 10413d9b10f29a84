"""Looks for known vulnerabilities in what each program was built of."""

from collections.abc import Iterable
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.programs import built_programs
from gobp.buildpack.vulnerabilities.config import VulnConfig, read_config
from gobp.buildpack.vulnerabilities.database import Database
from gobp.buildpack.vulnerabilities.report import (
    Vulnerability,
    document,
    merged,
    names_of,
    table,
)
from gobp.cnb.launch import Label, Launch
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.golang.buildinfo import BuildInfo
from gobp.golang.vulndb import STDLIB, findings, program_modules
from gobp.system.files import write_atomically

LAYER = "vulnerabilities"
REPORT = "report.json"
LABEL = "io.gobp.vulnerabilities"
_NAMED = 5  # vulnerabilities that an error names; all of them are in the log


def build(context: BuildContext) -> Launch:
    """Report what is found, in the log, in a file of the image and in a label.

    Raises UserError where the user sets a limit and it is exceeded, or nothing can be said.
    """
    config = read_config(context.facts)
    database = Database(context.host.fetcher, config.database)
    context.log.process(f"Looking for known vulnerabilities in {database.name}")
    try:
        rows = _look(context, database, config)
    except UserError as error:
        if config.fail_from is not None:
            raise
        context.log.warning(f"nothing is known of vulnerabilities: {error.summary}")
        context.log.gap()
        return Launch()
    _log(context, rows, config)
    _keep(context, document(database.name, rows))
    _hold_to(config, rows)
    found = sum(not each.ignored for each in rows)
    return Launch(labels=(Label(LABEL, str(found)),))


def _look(
    context: BuildContext, database: Database, config: VulnConfig
) -> tuple[Vulnerability, ...]:
    programs = _programs(context)
    modules = {program.file: program_modules(program) for program in programs}
    entries = database.entries(module for each in modules.values() for module in each)
    found = [
        (Path(program.file).name, finding)
        for program in programs
        for finding in findings(
            entries,
            modules[program.file],
            goos=program.settings.get("GOOS", "linux"),
            goarch=program.settings.get("GOARCH", context.facts.target.arch),
        )
    ]
    return merged(found, config.ignored)


def _programs(context: BuildContext) -> tuple[BuildInfo, ...]:
    """Return what every program says of itself. Raises UserError where one says nothing."""
    programs = built_programs(context)
    there = {f"bin/{path.name}" for path in (context.layers.root / "targets" / "bin").iterdir()}
    if silent := sorted(there - {program.file for program in programs}):
        raise UserError(
            f"{', '.join(silent)} does not say what it is made of",
            remedy="build it without packing it and without flags that remove its build "
            "information.",
        )
    return programs


def _log(context: BuildContext, rows: tuple[Vulnerability, ...], config: VulnConfig) -> None:
    for line in table(rows):
        context.log.subprocess(line)
    ignored = sum(each.ignored for each in rows)
    left_out = f", {ignored} of them ignored" if ignored else ""
    context.log.subprocess(f"{len(rows) or 'no'} known vulnerabilities{left_out}")
    known = {name for each in rows for name in names_of(each.entry)}
    if unused := sorted(config.ignored - known):
        context.log.subprocess(f"BP_GO_VULN_IGNORE names what is not there: {', '.join(unused)}")
    context.log.gap()


def _keep(context: BuildContext, report: bytes) -> None:
    layer = context.layers.layer(LAYER)
    write_atomically(layer.reset() / REPORT, report)
    context.layers.contribute(layer, LayerTypes(launch=True))


def _hold_to(config: VulnConfig, rows: Iterable[Vulnerability]) -> None:
    """Raise UserError for vulnerabilities that are as bad as the user's limit."""
    limit = config.fail_from
    if limit is None:
        return
    bad = [each for each in rows if not each.ignored and each.severity >= limit]
    if not bad:
        return
    ids = list(dict.fromkeys(each.entry.id for each in bad))
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    raise UserError(
        f"the programs have known vulnerabilities: {', '.join(ids[:_NAMED])}{more}",
        detail="\n".join(table(bad)),
        remedy=f"{_remedy(bad)}; name in BP_GO_VULN_IGNORE those that do not concern the app.",
    )


def _remedy(bad: Iterable[Vulnerability]) -> str:
    """Return the commands that put right what is fixed."""
    modules = {each.module.path for each in bad if each.fixed}
    steps = [f"'go get {path}@latest'" for path in sorted(modules - {STDLIB})]
    parts = [f"run {' and '.join(steps)} in the app"] if steps else []
    if STDLIB in modules:
        parts.append("build with a newer Go (BP_GO_VERSION, or the go line of go.mod)")
    return ", and ".join(parts) or "replace the modules that are not fixed"
