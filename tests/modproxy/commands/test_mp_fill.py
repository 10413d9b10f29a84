"""add, sync and check, from a folder of modules as the upstream."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gobp.errors import UserError
from gobp.golang.dirhash import go_mod_hash
from gobp.modproxy.commands.add import add, parse_module
from gobp.modproxy.commands.check import check
from gobp.modproxy.commands.explain import Step
from gobp.modproxy.commands.mirror import Mirrored
from gobp.modproxy.commands.outcome import Quiet
from gobp.modproxy.commands.sync import sync
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.settings.schema import Action, Mode, Rule, Settings, Sums, Upstream
from gobp.modproxy.tree.module_tree import ModuleTree
from tests.modproxy.commands.made_modules import UPPER, A, add_version, go_mod, path_in

B = "example.com/b"


@pytest.fixture
def upstream(tmp_path: Path) -> ModuleTree:
    tree = ModuleTree(tmp_path / "upstream", durable=False)
    tree.prepare()
    for version in ("v1.0.0", "v1.1.0", "v1.1.1-rc.1", "v2.0.0+incompatible"):
        add_version(tree, A, version)
    tree.write_list(A, ("v1.0.0", "v1.1.0", "v1.1.1-rc.1"))
    add_version(tree, UPPER, "v0.1.0")
    add_version(tree, B, "v1.0.0", mod=go_mod(B, f"{A} v1.0.0", f"{UPPER} v0.1.0"))
    return tree


@pytest.fixture
def settings(tmp_path: Path, upstream: ModuleTree) -> Settings:
    return Settings(
        root=str(tmp_path / "root"),
        durable=False,
        upstream=Upstream(proxies=f"file://{upstream.root}"),
        sums=Sums(database="off"),
        mode=Mode.REDIRECT,
    )


def public(settings: Settings) -> ModuleTree:
    return ModuleTree(Path(settings.root) / "public")


def added(
    settings: Settings, *modules: str, with_dependencies: bool = False
) -> tuple[Mirrored, list[str]]:
    work = add(settings, modules, Quiet(), with_dependencies=with_dependencies)
    done, meant = asyncio.run(work)
    return done, [str(module) for module in meant]


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("v1.0.0", "v1.0.0"),
        ("v1", "v1.1.0"),
        ("v1.0", "v1.0.0"),
        ("latest", "v1.1.0"),
        ("", "v1.1.0"),
        ("v2.0.0+incompatible", "v2.0.0+incompatible"),
    ],
)
def test_a_version_is_named_in_several_ways(settings: Settings, query: str, version: str) -> None:
    done, meant = added(settings, f"{A}@{query}".rstrip("@"))

    assert done.problems == ()
    assert meant == [f"{A}@{version}"]
    assert all(path_in(public(settings), A, version, kind).exists() for kind in Kind)
    assert done.fetched + done.there == 3


def test_what_is_there_is_not_fetched_again(settings: Settings, upstream: ModuleTree) -> None:
    added(settings, f"{A}@v1.0.0")
    path_in(upstream, A, "v1.0.0", Kind.ZIP).unlink()

    done, _ = added(settings, f"{A}@v1.0.0")

    assert (done.fetched, done.there, done.problems) == (0, 3, ())


def test_a_list_has_what_is_there(settings: Settings) -> None:
    added(settings, f"{A}@v1.0.0", f"{UPPER}@v0.1.0")

    assert public(settings).listed(UPPER) == ("v0.1.0",)


def test_dependencies_come_along(settings: Settings) -> None:
    done, _ = added(settings, f"{B}@v1.0.0", with_dependencies=True)

    assert done.problems == ()
    assert path_in(public(settings), A, "v1.0.0", Kind.ZIP).exists()
    assert path_in(public(settings), UPPER, "v0.1.0", Kind.ZIP).exists()


@pytest.mark.parametrize("version", ["v1.9.0", "v7", "main", "feature/x", "<v1.2.3", "upgrade"])
def test_what_is_not_there_is_a_problem_and_the_others_come(
    settings: Settings, version: str
) -> None:
    done, _ = added(settings, f"{A}@{version}", f"{UPPER}@v0.1.0")

    assert done.problems
    assert all(A in problem.about for problem in done.problems)
    assert path_in(public(settings), UPPER, "v0.1.0", Kind.ZIP).exists()


@pytest.mark.parametrize("text", ["", "noslash", "example.com/../x@v1.0.0", "@v1.0.0"])
def test_what_is_no_module_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_module(text)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "go.mod").write_text(f"module example.com/app\nrequire {A} v1.0.0\n")
    return folder


def write_sums(app: Path, upstream: ModuleTree, *, mod: str = "", zipped: str = "") -> None:
    mod = mod or go_mod_hash(go_mod(A))
    zipped = zipped or upstream.pinned_hash(A, "v1.0.0")
    graph_only = go_mod_hash(go_mod(UPPER))
    (app / "go.sum").write_text(
        f"{A} v1.0.0 {zipped}\n{A} v1.0.0/go.mod {mod}\n{UPPER} v0.1.0/go.mod {graph_only}\n"
    )


def synced(settings: Settings, app: Path) -> Mirrored:
    return asyncio.run(sync(settings, (app,), (), Quiet()))


def test_an_app_gets_what_its_go_sum_has_and_no_more(
    settings: Settings, app: Path, upstream: ModuleTree
) -> None:
    write_sums(app, upstream)

    done = synced(settings, app)

    assert (done.fetched, done.problems) == (4, ())
    assert path_in(public(settings), UPPER, "v0.1.0", Kind.MOD).exists()
    assert not path_in(public(settings), UPPER, "v0.1.0", Kind.ZIP).exists()
    assert synced(settings, app).there == 4


@pytest.mark.parametrize(("which", "kind"), [("mod", "mod"), ("zipped", "zip")])
def test_a_hash_that_go_sum_does_not_have_is_a_problem(
    settings: Settings, app: Path, upstream: ModuleTree, which: str, kind: str
) -> None:
    write_sums(app, upstream, **{which: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="})

    (problem,) = synced(settings, app).problems

    assert problem.about == f"{A}@v1.0.0 ({kind})"
    assert "go.sum has h1:47DEQ" in problem.reason


def test_what_upstream_has_no_more_is_a_problem(
    settings: Settings, app: Path, upstream: ModuleTree
) -> None:
    write_sums(app, upstream)
    path_in(upstream, A, "v1.0.0", Kind.ZIP).unlink()

    done = synced(settings, app)

    assert [problem.about for problem in done.problems] == [f"{A}@v1.0.0 (zip)"]
    assert done.fetched == 3


def with_rules(settings: Settings, *rules: Rule) -> Settings:
    return msgspec.structs.replace(settings, rules=rules)


def explained(settings: Settings, module: str) -> dict[str, Step]:
    return {step.about: step for step in asyncio.run(check(settings, module))}


def test_a_module_that_comes_is_explained_and_not_fetched(settings: Settings) -> None:
    steps = explained(settings, f"{A}@v1.0.0")

    assert all(step.ok for step in steps.values())
    assert steps["rule"].found.startswith("no rule: mode sync")
    source = next(step for about, step in steps.items() if about.startswith("source"))
    assert source.found.startswith("has v1.0.0")
    assert steps["checksum database"].found == "not asked: none is used (sums.database is off)"
    assert list(public(settings).modules()) == []


def test_it_is_said_which_rule_denies_a_module(settings: Settings) -> None:
    rules = (
        Rule(modules="other.example"),
        Rule(modules=A, versions=">= v1.1.0", action=Action.DENY, message="use v1.0"),
    )

    denied = explained(with_rules(settings, *rules), f"{A}@v1.1.0")
    allowed = explained(with_rules(settings, *rules), f"{A}@v1.0.0")

    assert list(denied) == ["rule"]
    assert denied["rule"].found.startswith(f"rule 2 ({A}) answers 403")
    assert "use v1.0" in denied["rule"].found
    assert denied["rule"].remedy
    assert allowed["rule"].ok


def test_a_private_module_without_an_upstream_is_explained(settings: Settings) -> None:
    steps = explained(with_rules(settings, Rule(modules=A, private=True)), f"{A}@v1.0.0")

    assert "private" in steps["rule"].found
    assert steps["source"].found.startswith("none: it is private")


def test_what_the_trees_have_is_said(settings: Settings) -> None:
    added(settings, f"{A}@v1.0.0")

    assert explained(settings, f"{A}@v1.0.0")["public tree"].found.startswith(
        ".info, .mod, .zip h1:"
    )
    assert explained(settings, A)["public tree"].found == "v1.0.0"


def test_a_module_that_is_nowhere_is_explained_with_a_remedy(settings: Settings) -> None:
    steps = explained(settings, "example.com/nothing@v1.0.0")

    failed = [step for step in steps.values() if not step.ok]
    assert [step.about.partition(" ")[0] for step in failed] == ["source"]
    assert "private: true" in failed[0].remedy


def test_the_next_source_is_asked_as_servers_do(settings: Settings, tmp_path: Path) -> None:
    chain = Upstream(proxies=f"file://{tmp_path}/empty,{settings.upstream.proxies}")
    steps = explained(msgspec.structs.replace(settings, upstream=chain), f"{A}@v1.0.0")

    sources = [step for about, step in steps.items() if about.startswith("source")]
    assert [step.ok for step in sources] == [True, True]
    assert "so the next one is asked" in sources[0].found
