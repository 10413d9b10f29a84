"""Results of tests in words."""

from collections.abc import Iterable, Sequence

from gobp.golang.testjson import CaseResult, Outcome, PackageResult

_OWN_LINE = "--- FAIL:"


def package_line(result: PackageResult) -> str:
    """Return a package in one line: ``ok    example.com/app (3 passed, 12ms)``."""
    if result.outcome is Outcome.SKIPPED:
        return f"-     {result.path} (no tests)"
    word = "ok  " if result.outcome is Outcome.PASSED else "FAIL"
    parts = _counts([result])
    if not result.built:
        parts = ["does not compile"]
    parts.append("cached" if result.cached else _duration(result.seconds))
    return f"{word}  {result.path} ({', '.join(parts)})"


def totals(results: Sequence[PackageResult]) -> str:
    """Return all packages in one line."""
    tested = [each for each in results if each.outcome is not Outcome.SKIPPED]
    bad = [each for each in tested if each.outcome is Outcome.FAILED]
    untested = len(results) - len(tested)
    parts = [
        ", ".join(_counts(tested)) or "no tests",
        f"packages: {len(tested)}" + (f", {len(bad)} of them failed" if bad else ""),
    ]
    if untested:
        parts.append(f"without tests: {untested}")
    return "; ".join(parts)


def what_failed(result: PackageResult) -> list[str]:
    """Return what a failed package printed that may say why."""
    if result.outcome is not Outcome.FAILED:
        return []
    failed = [test for test in result.tests if test.outcome is Outcome.FAILED]
    lines = [line for test in failed for line in test.output if _says_more(result, test, line)]
    return lines or list(result.output)


def _says_more(result: PackageResult, test: CaseResult, line: str) -> bool:
    """Tell whether a line is more than that a test failed because of its subtests."""
    return test in result.failures or not line.lstrip().startswith(_OWN_LINE)


def failing_tests(failed: Iterable[PackageResult]) -> list[str]:
    """Return each failing test with its package; of a package that none failed in, the package."""
    names = []
    for package in failed:
        if not package.built:
            names.append(f"{package.path} (does not compile)")
        elif package.failures:
            names.extend(f"{package.path} {test.name}" for test in package.failures)
        else:
            names.append(f"{package.path} (no single test)")
    return names


def run_one(package: PackageResult) -> str:
    """Return the command that runs the first test that failed in a package."""
    if not package.failures:
        return f"go test {package.path}"
    parts = package.failures[0].name.split("/")
    return f'go test -run "{"/".join(f"^{part}$" for part in parts)}" {package.path}'


def _counts(results: Iterable[PackageResult]) -> list[str]:
    """Return how many tests ended how; subtests count, those that only hold others too."""
    packages = list(results)
    return [
        f"{count} {outcome.name.lower()}"
        for outcome in (Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)
        if (count := sum(package.count(outcome) for package in packages))
    ]


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"
