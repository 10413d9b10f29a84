"""Processes from programs and from Procfiles, and what is left of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import DetectContext
from gobp.buildpack.go_build.processes import launch_processes as from_programs
from gobp.buildpack.go_build.processes import table
from gobp.buildpack.merge import merge
from gobp.buildpack.procfile.processes import launch_processes, parse_procfile, read_commands
from gobp.cnb.bindings import Binding
from gobp.cnb.launch import Label, Launch, Process
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree


def shape(processes: tuple[Process, ...]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(p.type, p.command, p.default) for p in processes]


def test_one_program_is_a_process_of_its_name_and_the_default_called_web() -> None:
    assert shape(from_programs(["app"], "/bin")) == [
        ("web", ("/bin/app",), True),
        ("app", ("/bin/app",), False),
    ]


def test_a_program_called_web_is_not_there_twice() -> None:
    assert shape(from_programs(["web", "job"], "/bin")) == [
        ("web", ("/bin/web",), True),
        ("job", ("/bin/job",), False),
    ]


def test_the_first_program_is_the_default_wherever_web_is() -> None:
    assert [p.type for p in from_programs(["job", "web"], "/b") if p.default] == ["job"]


def test_a_name_that_no_process_may_have_gets_hyphens() -> None:
    assert [p.type for p in from_programs(["a+b"], "/b")] == ["web", "a-b"]


def test_the_log_shows_processes_in_columns() -> None:
    assert table(from_programs(["app"], "/b")) == ["web (default): /b/app", "app:           /b/app"]


@given(st.lists(st.text("abweb-.", min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
def test_there_is_always_one_default_and_a_process_called_web(names: list[str]) -> None:
    wanted = [name for name in names if name not in {".", ".."}]
    if not wanted:
        return

    processes = from_programs(wanted, "/b")

    assert [p.default for p in processes].count(True) == 1
    assert [p.type for p in processes].count("web") == 1
    assert {p.command[0] for p in processes} == {f"/b/{name}" for name in wanted}


def test_a_procfile_names_processes_line_by_line() -> None:
    text = "# comment\n\nweb: server --port 8080\nWorker_2-x:  run me \r\n"

    assert parse_procfile(text, source="Procfile") == {
        "web": "server --port 8080",
        "Worker_2-x": "run me",
    }


@pytest.mark.parametrize("line", ["web", "web:", "web:   ", "we b: x", ": x", "wéb: x", "a.b: x"])
def test_a_line_that_is_no_process_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(UserError, match=r"Procfile:2: .* is not a process"):
        parse_procfile(f"ok: x\n{line}", source="Procfile")


def test_a_type_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UserError, match="Procfile:2: the process type 'web' is there twice"):
        parse_procfile("web: a\nweb: b", source="Procfile")


def context(
    procfile: str = "", env: dict[str, str] | None = None, *bound: Binding
) -> DetectContext:
    files = {"Procfile": procfile} if procfile else {}
    return DetectContext(MemoryTree(files), env or {}, bindings=bound)


def test_a_binding_wins_over_the_procfile_and_that_over_the_variable() -> None:
    binding = Binding("p", "procfile", secrets={"Procfile": "c: from binding"})
    env = {"BP_PROCFILE_DEFAULT_PROCESS": "from variable"}

    assert read_commands(context("", env)) == {"web": "from variable"}
    assert read_commands(context("b: x\nweb: from file", env)) == {"b": "x", "web": "from file"}
    assert read_commands(context("c: from file", env, binding)) == {
        "web": "from variable",
        "c": "from binding",
    }


def test_a_binding_without_its_key_and_two_bindings_are_refused() -> None:
    empty, full = (
        Binding("one", "Procfile"),
        Binding("two", "Procfile", secrets={"Procfile": "a: b"}),
    )

    with pytest.raises(UserError, match="the binding one of type Procfile has no key"):
        read_commands(context("", {}, empty))
    with pytest.raises(UserError, match="2 bindings of type Procfile") as caught:
        read_commands(context("", {}, empty, full))
    assert caught.value.detail == "one\ntwo"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("server --port 8080", ("server", "--port", "8080")),
        ("server 'a b' \"c\" d\\ e", ("server", "a b", "c", "d e")),
        ("server --set=a=b", ("server", "--set=a=b")),
        ("server --port $PORT", ("sh", "-c", "server --port $PORT")),
        ("PORT=1 server", ("sh", "-c", "PORT=1 server")),
        ("a && b", ("sh", "-c", "a && b")),
        ("cat *.txt", ("sh", "-c", "cat *.txt")),
    ],
)
def test_a_shell_starts_a_process_only_where_its_line_is_written_for_one(
    line: str, command: tuple[str, ...]
) -> None:
    assert launch_processes({"web": line}, {})[0].command == command


def test_a_user_may_have_no_shell_at_all() -> None:
    processes = launch_processes({"web": "server $PORT"}, {"BP_DIRECT_PROCESS": "true"})

    assert processes[0].command == ("server", "$PORT")


def test_a_value_that_is_no_boolean_is_refused() -> None:
    with pytest.raises(UserError, match="BP_DIRECT_PROCESS is 'yes'"):
        launch_processes({"web": "x"}, {"BP_DIRECT_PROCESS": "yes"})


def test_a_quote_that_stays_open_is_refused_by_the_name_of_the_process() -> None:
    with pytest.raises(UserError, match="the process 'job' cannot be read: no closing quotation"):
        launch_processes({"job": "run 'me"}, {})


@pytest.mark.parametrize(
    ("types", "default"),
    [
        (["api", "web", "worker"], "web"),
        (["api", "worker"], "worker"),
        (["Web", "worker"], "Web"),
        (["api"], None),
    ],
)
def test_web_or_worker_is_the_default(types: list[str], default: str | None) -> None:
    processes = launch_processes(dict.fromkeys(types, "x"), {})

    assert next((p.type for p in processes if p.default), None) == default
    assert [p.type for p in processes] == sorted(types)


def test_a_later_process_of_the_same_type_wins() -> None:
    merged = merge(
        [
            Launch((Process("web", ("a",), default=True), Process("app", ("a",)))),
            Launch((Process("web", ("b",)),)),
        ]
    )

    assert shape(merged.processes) == [("app", ("a",), False), ("web", ("b",), False)]


def test_a_later_default_ends_the_earlier_one_and_none_leaves_it() -> None:
    built = Launch((Process("web", ("a",), default=True),))

    with_default = merge([built, Launch((Process("worker", ("b",), default=True),))])
    without = merge([built, Launch((Process("job", ("b",)),))])

    assert [p.type for p in with_default.processes if p.default] == ["worker"]
    assert [p.type for p in without.processes if p.default] == ["web"]


def test_a_later_label_wins_and_labels_are_sorted() -> None:
    merged = merge(
        [Launch(labels=(Label("b", "1"), Label("a", "1"))), Launch(labels=(Label("b", "2"),))]
    )

    assert merged.labels == (Label("a", "1"), Label("b", "2"))
