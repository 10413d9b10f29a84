"""What go, git and gcc say when they fail, and what a user then reads.

The files in failures/ are outputs of the real go 1.26.8, provoked on purpose (other versions where
the name says so; paths and ports made the same). A file's name begins with the code of the failure.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang.failures.catalogue import FAILURES, ROOT_CAUSES, THEMES
from gobp.golang.failures.compiling import CODE as COMPILE_ERROR
from gobp.golang.failures.explain import CODE as NOT_KNOWN
from gobp.golang.failures.explain import explain
from tests.golden_files import Golden

FOLDER = Path(__file__).parent / "failures"
OUTPUTS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.txt"))}
ENV = {"GOPROXY": "https://user:hunter2@proxy.example.com"}
CATALOGUE = (*ROOT_CAUSES, *FAILURES)
NOT_PROVOKED = {"checksum-database-mismatch", "module-proxy-tls"}


def code_of(name: str) -> str:
    return name.partition(".")[0]


def explained(output: str, command: str = "go build", **env: str) -> UserError:
    return explain(command, 1, output.splitlines(), {**ENV, **env})


def explained_file(name: str) -> UserError:
    env = {"CGO_ENABLED": "0"} if name.startswith("cgo-disabled") else {}
    command = "go vet" if name.endswith(".go-vet") else "go build"
    return explained(OUTPUTS[name], command, **env)


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_go_really_says_is_recognised(name: str) -> None:
    error = explained_file(name)

    assert error.code == code_of(name)
    assert "\n" not in error.summary
    assert "hunter2" not in str(error)


def test_what_users_then_read_is_held_as_a_whole(golden: Golden) -> None:
    def parts() -> Iterator[str]:
        for name in OUTPUTS:
            yield f"{name}\n{explained_file(name)}\n"

    golden.check("failures", "\n".join(parts()))


def test_every_failure_of_the_catalogue_has_been_provoked() -> None:
    codes = {failure.code for failure in CATALOGUE}

    assert codes - {code_of(name) for name in OUTPUTS} == NOT_PROVOKED
    assert len(codes) > 70


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.code)
def test_every_failure_is_reached_by_an_output(failure: object) -> None:
    """Each pattern, also of those that share a code, is one that go's output has."""
    known = next(each for each in CATALOGUE if each is failure)
    found = [name for name, output in OUTPUTS.items() if known.pattern.search(output)]

    assert found or known.code in NOT_PROVOKED


def test_the_themes_hold_the_whole_catalogue() -> None:
    themed = [failure for failures in THEMES.values() for failure in failures]

    assert {id(each) for each in themed} == {id(each) for each in CATALOGUE}


def test_codes_and_words_have_one_form() -> None:
    for failure in CATALOGUE:
        assert failure.code == failure.code.lower().replace("_", "-")
        assert not failure.summary.endswith(".")
        assert failure.remedy.endswith((".", ")."))


class TestWhichFailureIsTheCause:
    def test_the_first_line_that_is_known_wins(self) -> None:
        error = explained(
            "main.go:3:8: no required module provides package example.com/x; to add it:\n"
            "main.go:4:8: package nothing is not in std (/usr/local/go/src/nothing)"
        )

        assert error.code == "module-not-required"

    def test_the_other_way_round_too(self) -> None:
        error = explained(
            "main.go:4:8: package nothing is not in std (/usr/local/go/src/nothing)\n"
            "main.go:3:8: no required module provides package example.com/x; to add it:"
        )

        assert error.code == "package-not-in-std"

    def test_a_machine_that_fails_explains_what_stands_before_it(self) -> None:
        error = explained(
            "main.go:4:8: package nothing is not in std (/usr/local/go/src/nothing)\n"
            "./main.go:3:2: undefined: x\n"
            "compile: writing output: write $WORK/b003/_pkg_.a: no space left on device"
        )

        assert error.code == "disk-full"

    def test_what_is_known_explains_more_than_errors_of_the_code(self) -> None:
        error = explained(
            "# example.com/app\n"
            "./a.go:3:2: undefined: x\n"
            "./main.go:3:11: fatal error: sodium.h: No such file or directory"
        )

        assert error.code == "c-header-missing"

    def test_the_words_of_git_say_more_than_its_exit_status(self) -> None:
        lines = OUTPUTS["git-credentials-missing"].splitlines()
        assert explained("\n".join(lines[:3])).code == "git-failed"
        assert explained("\n".join(lines)).code == "git-credentials-missing"


class TestErrorsOfTheCode:
    def test_one_is_told_with_its_place(self) -> None:
        error = explained("# example.com/app\n./main.go:3:15: undefined: printn")

        assert error.summary == "the code does not compile: main.go:3:15: undefined: printn"
        assert error.detail == ""
        assert error.code == COMPILE_ERROR

    def test_many_are_counted_and_the_next_are_told(self) -> None:
        lines = [f"./f{n % 2}.go:{n}:1: undefined: x{n}" for n in range(1, 10)]

        error = explained("\n".join(["# example.com/app", *lines, "\t./f1.go:1: other"]))

        assert error.summary == (
            "the code does not compile: 9 errors in 2 files, the first in f1.go:1:1: undefined: x1"
        )
        next_four = [line.removeprefix("./") for line in lines[1:5]]
        assert error.detail.splitlines() == next_four

    def test_too_many_are_not_counted_to_the_end(self) -> None:
        error = explained("a.go:1:1: undefined: x\na.go:9:1: too many errors")

        assert "1 or more errors in 1 file," in error.summary

    def test_code_of_a_module_is_not_the_users_to_correct(self) -> None:
        for path in ("vendor/example.com/lib/a.go", "/layers/mod/example.com/lib@v1.2.3/a.go"):
            error = explained(f"{path}:1:2: undefined: atomic.Int64")

            assert "use a version of it" in error.remedy

    def test_cgo_that_is_off_may_be_why_a_name_is_undefined(self) -> None:
        line = "./main.go:3:25: undefined: c.X"

        assert "CGO_ENABLED=1" in explained(line, CGO_ENABLED="0").remedy
        assert "CGO_ENABLED" not in explained(line).remedy

    def test_go_vet_does_not_compile(self) -> None:
        error = explained("main.go:3:27: fmt.Printf format %d reads arg #1", "go vet")

        assert error.summary.startswith("go vet finds mistakes: main.go:3:27: fmt.Printf")


def test_what_is_not_known_is_left_to_the_lines_above() -> None:
    error = explain("go build", 2, ["something new"], ENV)

    assert error.summary == "'go build' failed with exit status 2"
    assert error.detail == ""
    assert error.code == NOT_KNOWN


def test_passwords_in_addresses_are_not_told() -> None:
    error = explained(
        'go: example.com/lib@v1.2.3: Get "https://u:p@proxy.example.com/x": dial tcp: lookup'
        " proxy.example.com: no such host"
    )

    assert error.summary == (
        "the module example.com/lib@v1.2.3 cannot be downloaded: the Go module proxy"
        " https://proxy.example.com cannot be reached"
    )
    assert "u:p@" not in str(error)
    assert "hunter2" not in str(error)


def test_a_checksum_database_that_knows_another_module_is_not_go_sum() -> None:
    error = explained(
        "verifying example.com/lib@v1.2.3: checksum mismatch\n"
        "\tdownloaded: h1:YPBTcafd71whbvxa8jO/CE9K+AZU5vruE3zm12xMWKE=\n"
        "\tsum.example.com: h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    )

    assert error.code == "checksum-database-mismatch"
    assert "sum.example.com" in error.summary


def test_braces_in_what_go_says_do_no_harm() -> None:
    error = explained("missing go.sum entry for {x} %d {0}")

    assert error.summary == "go.sum has no entry for {x} %d {0}"


def test_a_line_without_end_is_looked_at_in_part() -> None:
    error = explained("a" * 1_000_000 + "\n" + "@v" * 500_000 + "\nno Go files in /workspace")

    assert error.code == "no-go-files"


PIECES = st.sampled_from(["go: ", "example.com/x@v1", ": ", "reading ", "git fetch ", "\t", "\n"])
LINES = st.lists(st.lists(PIECES | st.text(max_size=8)).map("".join), max_size=8)


@given(lines=LINES)
def test_whatever_a_command_says_there_is_an_answer(lines: list[str]) -> None:
    error = explain("go build", 1, lines, ENV)

    assert error.summary
    assert error.remedy
    assert error.code
