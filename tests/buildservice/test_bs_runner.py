"""What the runner does with what its parts give; the real parts are in integration/."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, cast

import msgspec
import pytest

from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import ModuleSource, Order, Pin, Source, Target
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.recipes.recipe import Product, RecipeError, Work
from gobp.buildservice.runner import BuildRunner, artifact_name
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.sources.tree import FetchError, SourceTree
from gobp.buildservice.storage.store import Manifest, Store

ORDER = Order(
    source=ModuleSource("example.com/team/app"), ref="latest", target=Target("linux", "arm", "7")
)
BUILD = Build(
    id="0" * 32,
    key="k",
    order=ORDER,
    pin=Pin(version="v1.0.0", h1="h1:x"),
    state=State.RUNNING,
    reason=Reason.REQUEST,
    who="ann",
    priority=0,
    created=1.0,
    attempt=2,
)
LIMITS = Limits(memory=1, processes=1, disk=1, file=1, output=1, seconds=1)


@dataclass
class Says:
    lines: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str, level: str = "info", /) -> None:
        self.lines.append((level, text))

    def close(self) -> None: ...


class Fetches:
    trouble: FetchError | None = None

    def fetch(
        self, source: Source, pin: Pin, folder: Path, say: Callable[[str], None], /
    ) -> SourceTree:
        if self.trouble is not None:
            raise self.trouble
        (folder / "main.go").write_text("package main")
        return SourceTree(folder, 42, "pkg:golang/x", "h1", "h1:x")


@dataclass
class Makes:
    """A recipe; ``then`` is done in it."""

    then: Callable[[Work], None] = lambda _: None
    works: list[Work] = field(default_factory=list)

    def run(self, work: Work, /) -> Product:
        self.works.append(work)
        self.then(work)
        work.say("compiled")
        (work.folder / "app").write_bytes(b"\x7fELF")
        return Product(work.folder, ("app",), ("example.com/dep@v1.0.0",), "1.26.8")


class Keeps:
    """A store of one build; ``first`` is what somebody else published before."""

    def __init__(self, first: Manifest | None = None) -> None:
        self.manifest = first
        self.names: list[str] = []

    def put(self, file: Path, /) -> tuple[str, int]:
        self.names.append(file.name)
        return f"sha of {file.name}", file.stat().st_size

    def publish(self, manifest: Manifest, /) -> Manifest:
        self.manifest = self.manifest or manifest
        return self.manifest

    def published(self, build_id: str, /) -> Manifest | None:
        return self.manifest


class Proves:
    def prove(self, *given: object) -> list[tuple[Path, str, str, str]]:
        file = cast("Path", given[-1]) / "app.sbom"
        file.write_text("{}")
        return [(file, "app.sbom", "sbom", "application/json")]


@dataclass
class Bench:
    folder: Path
    fetcher: Fetches = field(default_factory=Fetches)
    recipes: Makes = field(default_factory=Makes)
    store: Keeps = field(default_factory=Keeps)
    log: Says = field(default_factory=Says)
    stop: Event = field(default_factory=Event)

    def run(self) -> Any:
        runner = BuildRunner(
            fetcher=self.fetcher,
            recipes=self.recipes,
            store=cast("Store", self.store),
            prover=cast("Prover", Proves()),
            limits=LIMITS,
            largest=1 << 20,
            level="test",
            folder=self.folder,
            after=lambda _: None,
        )
        return runner.run(BUILD, self.log, self.stop)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_archive_and_its_proof_are_published(bench: Bench) -> None:
    ending = bench.run()

    assert ending.state is State.SUCCEEDED
    assert [artifact.name for artifact in ending.artifacts] == [
        "app_linux_arm_7.tar.gz",
        "app.sbom",
    ]
    assert bench.store.manifest is not None
    assert bench.store.manifest.artifacts == ending.artifacts
    assert ending.dependencies == ("example.com/dep@v1.0.0",)
    assert ("output", "compiled") in bench.log.lines


def test_nothing_is_left_of_a_build_that_is_over(bench: Bench) -> None:
    bench.run()

    assert list(bench.folder.iterdir()) == []


def test_what_a_killed_worker_left_is_not_built_upon(bench: Bench) -> None:
    left = bench.folder / f"{BUILD.id}-2" / "source" / "evil.go"
    left.parent.mkdir(parents=True)
    left.touch()
    seen: list[list[str]] = []
    bench.recipes.then = lambda work: seen.append(
        sorted(path.name for path in work.tree.folder.iterdir())
    )

    bench.run()

    assert seen == [["main.go"]]


def test_a_recipe_that_fails_ends_the_build_in_its_words(bench: Bench) -> None:
    def fail(_: Work) -> None:
        raise RecipeError(State.TIMED_OUT, "it took longer than 20m")

    bench.recipes.then = fail

    ending = bench.run()

    assert (ending.state, ending.message) == (State.TIMED_OUT, "it took longer than 20m")
    assert bench.store.manifest is None
    assert list(bench.folder.iterdir()) == []


def test_source_that_is_wrong_fails_the_build(bench: Bench) -> None:
    bench.fetcher.trouble = FetchError("the zip has no such package", passing=False)

    ending = bench.run()

    assert (ending.state, ending.message) == (State.FAILED, "the zip has no such package")


def test_trouble_that_may_pass_is_left_to_another_attempt(bench: Bench) -> None:
    bench.fetcher.trouble = FetchError("no route to host", passing=True)

    with pytest.raises(FetchError):
        bench.run()


def test_a_build_that_a_lost_worker_published_is_not_built_again(bench: Bench) -> None:
    artifact = Artifact(name="a", kind="archive", sha256="ab", size=1, media_type="x")
    bench.store = Keeps(Manifest(BUILD.id, 1, (artifact,)))

    ending = bench.run()

    assert (ending.state, ending.artifacts) == (State.SUCCEEDED, (artifact,))
    assert bench.recipes.works == []


def test_of_two_workers_the_first_to_publish_decides(bench: Bench) -> None:
    artifact = Artifact(name="a", kind="archive", sha256="ab", size=1, media_type="x")

    def overtaken(_: Work) -> None:
        bench.store.manifest = Manifest(BUILD.id, 1, (artifact,))

    bench.recipes.then = overtaken

    assert bench.run().artifacts == (artifact,)


def test_the_recipe_sees_when_nobody_wants_the_build_any_more(bench: Bench) -> None:
    class Stops:
        """What an engine may give: no event."""

        def is_set(self) -> bool:
            return True

        def wait(self, timeout: float | None = None) -> bool:
            return True

    bench.stop = cast("Event", Stops())
    seen: list[bool] = []
    bench.recipes.then = lambda work: seen.append(work.stop.wait(10))

    bench.run()

    assert seen == [True]


@pytest.mark.parametrize(
    ("path", "package", "target", "name"),
    [
        ("example.com/team/app", "", Target("windows", "amd64"), "app_windows_amd64.tar.gz"),
        ("example.com/team/app/v2", "", Target("linux", "arm", "7"), "app_linux_arm_7.tar.gz"),
        ("example.com/app", "./cmd/tool", Target("js", "wasm"), "tool_js_wasm.tar.gz"),
    ],
)
def test_archives_have_cargos_names(path: str, package: str, target: Target, name: str) -> None:
    order = Order(source=ModuleSource(path), ref="v1", target=target, package=package)

    assert artifact_name(msgspec.structs.replace(BUILD, order=order)) == name
