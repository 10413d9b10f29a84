"""What to check, and where the report goes."""

import posixpath
from dataclasses import dataclass

from gobp.buildpack.app.layout import AppLayout, read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.checks import TEST, VET, Asked, asked, flags_of_tests
from gobp.buildpack.go.compiling import compile_flags, flags_for_tests

_REPORT = "junit.xml"


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """What to run: ``build_flags`` are those of the build, ``test_flags`` all of ``go test``.

    ``report`` is a path, "" where none is wanted.
    """

    layout: AppLayout
    vet: Asked
    test: Asked
    build_flags: tuple[str, ...]
    test_flags: tuple[str, ...]
    report: str


def read_config(facts: DetectContext) -> CheckConfig:
    """Read variables and app. Raises UserError."""
    layout = read_layout(facts.app, facts.env)
    test = asked(facts.env, TEST)
    flags = (*flags_of_tests(facts.env), *test.flags)
    return CheckConfig(
        layout=layout,
        vet=asked(facts.env, VET),
        test=test,
        build_flags=compile_flags(facts, layout),
        test_flags=flags_for_tests(facts, layout, flags),
        report=_report(facts.env.get("BP_GO_TEST_REPORT", "").strip()),
    )


def _report(path: str) -> str:
    """Return the path of the report's file; what does not end in .xml is its folder."""
    return path if not path or path.endswith(".xml") else posixpath.join(path, _REPORT)
