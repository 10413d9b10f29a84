"""Collect what was not used, as the settings and the command line say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.commands.gc import Collected, Wanted, collect
from gobp.modproxy.commands.indexing import last_used, tell_removed
from gobp.modproxy.commands.working import trees_of
from gobp.modproxy.settings.schema import Settings
from gobp.serving.settings.values import Duration, Size


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may stay in the public tree, and in the private one (None: all of it)."""

    public: Wanted
    private: Wanted | None

    @classmethod
    def parse(
        cls,
        settings: Settings,
        max_bytes: str | None,
        unused: str | None,
        keep: Sequence[str],
        private: str | None,
    ) -> "Bounds":
        """Return the bounds that options mean. Raises UserError."""
        if max_bytes is None and unused is None:
            raise UserError(
                "it is not said what may be removed", remedy="add --max-bytes or --unused."
            )
        try:
            size = Size.parse(max_bytes) if max_bytes is not None else None
            seconds = Duration.parse(unused) if unused is not None else None
        except ValueError as error:
            raise UserError(str(error), remedy="write it in one of these forms.") from None
        kept = [ModulePatterns.parse(settings.pins, source="pins")]
        kept += [ModulePatterns.parse(text, source="--keep") for text in keep]
        public = Wanted(size, seconds, kept)
        if private is None:
            return cls(public, None)
        only = ModulePatterns.parse(private, source="--private")
        return cls(public, Wanted(None, seconds, kept, only))


def gc_all(settings: Settings, bounds: Bounds, *, dry_run: bool) -> Collected:
    """Remove what is not to stay from the trees and the index; see collect."""
    trees = trees_of(settings)
    used = last_used(settings)
    done = collect(trees.public, bounds.public, used, dry_run=dry_run)
    if bounds.private is not None:
        other = collect(trees.private, bounds.private, used, dry_run=dry_run)
        done = replace(
            done,
            removed=(*done.removed, *other.removed),
            freed=done.freed + other.freed,
            left=done.left + other.left,
        )
    untold = () if dry_run else tell_removed(settings, (each.file for each in done.removed))
    return replace(done, problems=(*done.problems, *untold))
