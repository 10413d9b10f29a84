"""Which modules a go command reads and takes: pruned graphs and the highest versions."""

import asyncio

import pytest

from gobp.golang import modfile
from gobp.golang.modfile import ModFile
from gobp.golang.module import ModuleVersion
from gobp.modproxy.commands.graph import Graph, load_graph

PRUNED, WHOLE = "1.17", "1.16"
ROOT = "example.com/root"


def graph_of(modules: dict[str, tuple[str, ...]]) -> Graph:
    """Load the graph of example.com/root@v1.0.0; each module has its go version, then requires."""

    async def load(module: ModuleVersion) -> ModFile | None:
        if str(module).removeprefix("example.com/") not in modules:
            return None
        go, *requires = modules[str(module).removeprefix("example.com/")]
        lines = [f"require example.com/{each.replace('@', ' ')}" for each in requires]
        text = f"module {module.path}\ngo {go}\n" + "\n".join(lines) + "\n"
        return modfile.parse(text, source=str(module))

    return asyncio.run(load_graph(ModuleVersion(ROOT, "v1.0.0"), load))


def names(modules: frozenset[ModuleVersion]) -> set[str]:
    return {str(module).removeprefix("example.com/") for module in modules}


def test_of_a_pruned_requirement_only_its_go_mod_is_read() -> None:
    graph = graph_of(
        {
            "root@v1.0.0": (PRUNED, "a@v1.0.0"),
            "a@v1.0.0": (PRUNED, "b@v1.0.0"),
            "b@v1.0.0": (PRUNED,),
        }
    )

    assert names(graph.loaded) == {"root@v1.0.0", "a@v1.0.0"}
    assert names(graph.selected) == {"a@v1.0.0"}


def test_below_a_requirement_from_before_pruning_everything_is_read() -> None:
    graph = graph_of(
        {
            "root@v1.0.0": (PRUNED, "a@v1.0.0"),
            "a@v1.0.0": (WHOLE, "b@v1.0.0"),
            "b@v1.0.0": (PRUNED, "c@v1.0.0"),
            "c@v1.0.0": (PRUNED,),
        }
    )

    assert names(graph.loaded) == {"root@v1.0.0", "a@v1.0.0", "b@v1.0.0", "c@v1.0.0"}
    assert names(graph.selected) == {"a@v1.0.0"}


def test_of_an_old_root_all_modules_are_taken() -> None:
    graph = graph_of(
        {
            "root@v1.0.0": (WHOLE, "a@v1.0.0"),
            "a@v1.0.0": (PRUNED, "b@v1.0.0"),
            "b@v1.0.0": (PRUNED,),
        }
    )

    assert names(graph.selected) == {"a@v1.0.0", "b@v1.0.0"}


def test_the_highest_version_that_anybody_asks_for_is_taken_and_read() -> None:
    graph = graph_of(
        {
            "root@v1.0.0": (PRUNED, "a@v1.0.0", "b@v1.9.0"),
            "a@v1.0.0": (PRUNED, "b@v1.10.0"),
            "b@v1.9.0": (PRUNED,),
            "b@v1.10.0": (PRUNED,),
        }
    )

    assert names(graph.selected) == {"a@v1.0.0", "b@v1.10.0"}
    assert {"b@v1.9.0", "b@v1.10.0"} <= names(graph.loaded)


@pytest.mark.parametrize("go", [PRUNED, WHOLE])
def test_modules_that_require_each_other_come_to_an_end(go: str) -> None:
    graph = graph_of(
        {
            "root@v1.0.0": (go, "a@v1.0.0"),
            "a@v1.0.0": (go, "root@v0.9.0"),
            "root@v0.9.0": (go, "a@v0.9.0"),
            "a@v0.9.0": (go, "root@v0.9.0"),
        }
    )

    assert names(graph.selected) == {"a@v1.0.0"}


def test_what_has_no_go_mod_is_not_read() -> None:
    graph = graph_of({"root@v1.0.0": (PRUNED, "gone@v1.0.0")})

    assert names(graph.loaded) == {"root@v1.0.0"}
    assert names(graph.selected) == {"gone@v1.0.0"}


def test_a_root_without_go_mod_has_no_graph() -> None:
    assert graph_of({}) == Graph(frozenset(), frozenset())
