"""Runs ``go test``, shows each package as it ends, and reports them all."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.gopath import Workplace
from gobp.buildpack.go_check.junit import junit_xml
from gobp.buildpack.go_check.results import (
    failing_tests,
    package_line,
    run_one,
    totals,
    what_failed,
)
from gobp.buildpack.reporting.steps import timed
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.golang.failures.explain import explain
from gobp.golang.testjson import EventReader, Outcome, PackageResult
from gobp.system.files import write_atomically

LAYER = "test-report"
REPORT = "junit.xml"
_NAMED = 5  # tests that the error names; the log has all


def run_tests(context: BuildContext, argv: Sequence[str], place: Workplace, *, report: str) -> None:
    """Run the tests; ``report`` is where else than in a layer their JUnit XML goes, or "".

    Raises UserError that names the tests that failed.
    """
    events = EventReader()
    results: list[PackageResult] = []

    def on_line(line: str) -> None:
        result = events.feed(line)
        if result is not None:
            results.append(result)
            _show(context, result)

    context.log.subprocess(f"Running '{shlex.join(argv)}'")
    with timed(context.log):
        status = context.host.commands.run(argv, cwd=place.folder, env=place.env, on_line=on_line)
        for line in events.other_lines:
            context.log.action(line)
        context.log.action(totals(results))
        _write(context, junit_xml(results), report)
        if status != 0:
            raise _failure(status, results, events, place)


def _show(context: BuildContext, result: PackageResult) -> None:
    """Log a package, with the output of what failed; those without tests only at DEBUG."""
    if result.outcome is Outcome.SKIPPED:
        context.log.debug(package_line(result))
        return
    context.log.action(package_line(result))
    for line in what_failed(result):
        context.log.detail(line)


def _write(context: BuildContext, xml: bytes, report: str) -> None:
    """Write the report for buildpacks that come after, and to where the user wants it."""
    layer = context.layers.layer(LAYER)
    write_atomically(layer.reset() / REPORT, xml)
    context.layers.contribute(layer, LayerTypes(build=True))
    if not report:
        return
    path = Path(context.app_dir, report)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, xml)
    except OSError as error:
        raise UserError(
            f"the report of the tests cannot be written to {path}: {error.strerror}",
            remedy="name in BP_GO_TEST_REPORT a folder that the build may write to, such as a "
            "volume of the platform's.",
        ) from error
    context.log.action(f"Report: {path}")


def _failure(
    status: int, results: Sequence[PackageResult], events: EventReader, place: Workplace
) -> UserError:
    failed = [each for each in results if each.outcome is Outcome.FAILED]
    if not any(each.built for each in failed):
        said = [line for each in failed for line in each.output]
        return explain("go test", status, [*events.other_lines, *said], place.env)
    names = failing_tests(failed)
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return UserError(
        f"tests failed: {len(names)}",
        detail="\n".join([*names[:_NAMED], *more]),
        remedy=f"correct the app or its tests; '{run_one(failed[0])}' shows the first on your "
        "machine.",
    )
