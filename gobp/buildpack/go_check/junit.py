"""Results of tests as JUnit XML, as CI systems read it: a suite a package, a case a test."""

import html
import re
from collections.abc import Iterable, Sequence

from gobp.golang.testjson import CaseResult, Outcome, PackageResult

# What XML 1.0 cannot hold, not even escaped (its production "Char").
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[PackageResult]) -> bytes:
    """Return the report of all packages that have tests, or failed."""
    suites = [each for each in results if each.outcome is not Outcome.SKIPPED]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for suite in suites:
        lines.extend(_suite(suite))
    return "\n".join((*lines, "</testsuites>", "")).encode()


def _suite(package: PackageResult) -> Iterable[str]:
    errors = int(package.outcome is Outcome.FAILED and not package.failures)
    yield _tag(
        "testsuite",
        name=package.path,
        tests=str(len(package.tests) + errors),
        failures=str(package.count(Outcome.FAILED)),
        errors=str(errors),
        skipped=str(package.count(Outcome.SKIPPED)),
        time=_time(package.seconds),
    )
    for test in package.tests:
        yield from _case(package, test)
    if errors:  # a package that fails as a whole
        name = "(run)" if package.built else "(compile)"
        yield _tag("testcase", classname=package.path, name=name, time="0.000")
        yield _told("error", "failed", package.output)
        yield "</testcase>"
    yield "</testsuite>"


def _case(package: PackageResult, test: CaseResult) -> Iterable[str]:
    yield _tag("testcase", classname=package.path, name=test.name, time=_time(test.seconds))
    if test.outcome is Outcome.FAILED:
        yield _told("failure", "failed", test.output)
    elif test.outcome is Outcome.SKIPPED:
        yield _told("skipped", "skipped", test.output)
    yield "</testcase>"


def _told(name: str, message: str, lines: Iterable[str]) -> str:
    return f"{_tag(name, message=message)}{_text(chr(10).join(lines))}</{name}>"


def _tag(element: str, /, **attributes: str) -> str:
    shown = "".join(f' {key}="{_text(value)}"' for key, value in attributes.items())
    return f"<{element}{shown}>"


def _text(text: str) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", text))


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
