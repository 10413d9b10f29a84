"""Events of ``go test -json``: the real output of Go 1.26, and lines of all kinds."""

import json
from collections.abc import Iterable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.testjson import EventReader, Outcome, PackageResult

RECORDED = Path(__file__).parent / "data/testjson/go1.26.json"


def fed(lines: Iterable[str]) -> tuple[EventReader, dict[str, PackageResult]]:
    events = EventReader()
    results = [result for line in lines if (result := events.feed(line))]
    return events, {result.path: result for result in results}


def recorded(package: str) -> PackageResult:
    return fed(RECORDED.read_text().splitlines())[1][f"example.com/app{package}"]


def line(**event: object) -> str:
    return json.dumps({name.capitalize(): value for name, value in event.items()})


def test_tests_that_pass_and_are_skipped_are_counted() -> None:
    result = recorded("")

    assert result.outcome is Outcome.PASSED
    assert (result.count(Outcome.PASSED), result.count(Outcome.SKIPPED)) == (1, 1)
    assert result.seconds == 0.005
    assert result.tests[1].output == ("    ok_test.go:4: not here", "--- SKIP: TestSkip (0.00s)")


def test_a_failed_subtest_is_named_and_not_the_test_around_it() -> None:
    result = recorded("/fail")

    assert [test.name for test in result.failures] == ["TestA/zero"]
    assert result.failures[0].output[:2] == ("out", "    f_test.go:3: want 1, got 2")


def test_a_package_that_does_not_compile_has_what_the_compiler_said() -> None:
    result = recorded("/bad")

    assert not result.built
    assert result.output[1] == "bad/b_test.go:3:28: undefined: undefined"


def test_a_package_that_exits_by_itself_has_its_own_output() -> None:
    result = recorded("/exit")

    assert (result.outcome, result.built, result.tests) == (Outcome.FAILED, True, ())
    assert result.output[0] == "no db"


def test_a_package_without_tests_is_skipped() -> None:
    assert recorded("/none").outcome is Outcome.SKIPPED


def test_a_panic_is_in_the_output_of_its_test() -> None:
    tests = {test.name: test for test in recorded("/pan").tests}

    assert "panic: boom [recovered, repanicked]" in tests["TestP"].output


def test_a_result_that_go_had_is_cached() -> None:
    said = line(action="output", package="p", output="ok  \tp\t(cached)\n")

    _, results = fed([said, line(action="pass", package="p", elapsed=0.0)])

    assert results["p"].cached


def test_a_test_that_never_ends_has_failed_with_its_package() -> None:
    lines = [
        line(action="run", package="p", test="TestSlow"),
        line(action="output", package="p", test="TestSlow", output="waiting\n"),
        line(action="fail", package="p", elapsed=600.0),
    ]

    _, results = fed(lines)

    assert [(t.name, t.output) for t in results["p"].failures] == [("TestSlow", ("waiting",))]


def test_output_is_bounded() -> None:
    shout = [line(action="output", package="p", output=f"{n}\n") for n in range(5000)]

    _, results = fed([*shout, line(action="fail", package="p")])

    assert len(results["p"].output) == 200
    assert results["p"].output[-1] == "4999"


def test_what_is_no_event_is_kept_apart() -> None:
    events, results = fed(["go: downloading example.com/m v1.0.0", "{", '{"a": 1}', "[]"])

    assert events.other_lines == ["go: downloading example.com/m v1.0.0", "{", '{"a": 1}', "[]"]
    assert not results


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
EVENTS = st.dictionaries(
    st.sampled_from(["Action", "Package", "Test", "Output", "Elapsed", "FailedBuild"]),
    VALUES | st.sampled_from(["run", "pass", "fail", "skip", "output", "build-output", "p", "T"]),
)


@given(st.lists(EVENTS.map(json.dumps) | st.text(max_size=50), max_size=30))
def test_no_line_is_too_strange(lines: list[str]) -> None:
    _, results = fed(lines)

    assert all(result.path for result in results.values())
