"""Do one build: fetch, build in the sandbox, pack, prove, publish."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from gobp.buildservice.artifacts.archive import write_archive
from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.builds.order import Recipe
from gobp.buildservice.engine.engine import Stopping
from gobp.buildservice.logs.log import BuildLog
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.recipes.recipe import Product, RecipeError, Recipes, Work
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.sources.tree import Fetcher, FetchError, SourceTree
from gobp.buildservice.storage.store import Manifest, Store
from gobp.golang.module import executable_name
from gobp.system.files import remove_tree

ARCHIVE_TYPE = "application/gzip"
IMAGE_TYPE = "application/vnd.oci.image.layout.v1.tar"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRunner:
    """See Runner. Everything of a build is in a folder of its own below ``folder`` until it ends.

    ``largest`` is the bytes that an archive may have, ``level`` names the sandbox, and ``after``
    is done when a build has ended.
    """

    fetcher: Fetcher
    recipes: Recipes
    store: Store
    prover: Prover
    limits: Limits
    largest: int
    level: str
    folder: Path
    after: Callable[[Build], None]
    clock: Callable[[], float] = time.time

    def run(self, build: Build, log: BuildLog, stop: Stopping, /) -> Ending:
        """See Runner.run."""
        published = self.store.published(build.id)
        if published is not None:
            log.say("an earlier attempt published this build before its worker was lost")
            return Ending(state=State.SUCCEEDED, artifacts=published.artifacts)
        with _workplace(self.folder / f"{build.id}-{build.attempt}") as place:
            try:
                return self._built(build, log, stop, place)
            except RecipeError as error:
                return Ending(state=error.state, message=error.text)
            except FetchError as error:
                if error.passing:
                    raise
                return Ending(state=State.FAILED, message=error.text)

    def ended(self, build: Build, /) -> None:
        """See Runner.ended."""
        self.after(build)

    def _built(self, build: Build, log: BuildLog, stop: Stopping, place: Path) -> Ending:
        started = self.clock()
        log.say(f"fetching {build.repository} {build.pin.version}")
        source = _made(place / "source")
        tree = self.fetcher.fetch(build.order.source, build.pin, source, log.say)
        log.say(f"building for {build.order.target}")
        with _as_event(stop) as event:
            work = Work(
                order=build.order,
                pin=build.pin,
                tree=tree,
                folder=_made(place / "work"),
                limits=self.limits,
                say=lambda line: log.say(line, "output"),
                stop=event,
            )
            product = self.recipes.run(work)
        log.say("packing and proving")
        times = (started, self.clock())
        artifacts = self._stored(build, tree, product, times, _made(place / "out"))
        manifest = self.store.publish(Manifest(build.id, int(times[1]), artifacts))
        log.say(f"built {', '.join(artifact.name for artifact in manifest.artifacts)}")
        return Ending(
            state=State.SUCCEEDED, artifacts=manifest.artifacts, dependencies=product.modules
        )

    def _stored(
        self,
        build: Build,
        tree: SourceTree,
        product: Product,
        times: tuple[float, float],
        folder: Path,
    ) -> tuple[Artifact, ...]:
        """Store the archive and all that proves it; nothing of it is published yet."""
        name = artifact_name(build)
        archive = folder / name
        if product.image is not None:
            archive = product.image
        else:
            write_archive(product, archive, tree.time, self.largest)
        kind, media_type = (
            ("image", IMAGE_TYPE) if product.image is not None else ("archive", ARCHIVE_TYPE)
        )
        main = self._artifact(archive, name, kind, media_type)
        proofs = self.prover.prove(build, tree, product, main, self.level, times, folder)
        return (main, *(self._artifact(*proof) for proof in proofs))

    def _artifact(self, file: Path, name: str, kind: str, media_type: str) -> Artifact:
        sha256, size = self.store.put(file)
        return Artifact(name=name, kind=kind, sha256=sha256, size=size, media_type=media_type)


def artifact_name(build: Build) -> str:
    """Return the name that a build's archive is downloaded by: cargo's, or its package's."""
    target = build.order.target
    name = executable_name(build.order.package.strip("./") or build.repository)
    platform = "_".join(part for part in (target.goos, target.goarch, target.variant) if part)
    suffix = "tar" if build.order.recipe is Recipe.BUILDPACK else "tar.gz"
    return f"{name}_{platform}.{suffix}"


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """Give an empty folder, gone at the end; a worker that was killed may have left one."""
    remove_tree(folder)
    folder.mkdir(mode=0o711, parents=True)
    try:
        yield folder
    finally:
        try:
            remove_tree(folder)
        except OSError as error:  # the build has ended as it has; the next one needs the disk
            _LOG.warning("%s could not be removed: %s", folder, error)


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    return folder


@contextmanager
def _as_event(stop: Stopping) -> Iterator[Event]:
    """Give an event that is set when ``stop`` is; most engines have one already."""
    if isinstance(stop, Event):
        yield stop
        return
    event, over = Event(), Event()

    def follow() -> None:
        while not over.is_set():
            if stop.wait(0.2):
                event.set()
                return

    Thread(target=follow, daemon=True).start()
    try:
        yield event
    finally:
        over.set()
