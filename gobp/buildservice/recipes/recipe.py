"""What recipes are given, and what they give."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.sources.tree import SourceTree


@dataclass(frozen=True, slots=True)
class Work:
    """A build to be done: ``tree`` is its source, ``folder`` an empty folder for everything else.

    ``say`` takes lines for the build's log; ``stop`` is set when nobody wants the build any more.
    """

    order: Order
    pin: Pin
    tree: SourceTree
    folder: Path
    limits: Limits
    say: Callable[[str], None]
    stop: Event


@dataclass(frozen=True, slots=True)
class Product:
    """What a recipe made: files below ``folder`` by relative path, sorted; no links among them.

    ``modules`` are those that were really fetched; ``go`` is the Go version that compiled.
    ``image`` is an OCI image as one tar file, None for all recipes but the buildpack's.
    """

    folder: Path
    files: tuple[str, ...]
    modules: tuple[str, ...]
    go: str
    image: Path | None = None


class RecipeError(Exception):
    """A build that ended without a product: ``state`` is the build's, ``text`` one line why."""

    def __init__(self, state: State, text: str) -> None:
        super().__init__(text)
        self.state = state
        self.text = text


class Recipes(Protocol):
    """Chooses the recipe of an order and runs it."""

    def run(self, work: Work, /) -> Product:
        """Build. Raises RecipeError, SandboxError."""
        ...
