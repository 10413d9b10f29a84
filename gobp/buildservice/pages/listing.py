"""Builds as pages list them: those that a reader may see, and the versions of a repository."""

from collections.abc import Callable
from dataclasses import dataclass

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.builds.order import Recipe
from gobp.buildservice.state.builds import Builds, Filter
from gobp.golang import semver

_AT_ONCE = 100
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """Builds, the newest first; ``before`` is the id from which older ones go on, "" at the end."""

    builds: tuple[Build, ...]
    before: str


@dataclass(frozen=True, slots=True)
class VersionOf:
    """A version of a repository with the newest build of each program and target."""

    version: str
    commit: str
    builds: tuple[Build, ...]


def visible(
    builds: Builds, which: Filter, may_see: Callable[[str], bool], *, before: str, limit: int
) -> Listed:
    """Return builds that may be seen. Raises DatabaseError.

    Who may see little of much is shown shorter pages rather than made to wait.
    """
    found: list[Build] = []
    for _ in range(_MOST_ROUNDS):
        batch = builds.listed(which, before=before, limit=_AT_ONCE)
        found += [build for build in batch if may_see(build.repository)]
        if len(found) > limit:
            return Listed(tuple(found[:limit]), found[limit - 1].id)
        if len(batch) < _AT_ONCE:
            return Listed(tuple(found), "")
        before = batch[-1].id
    return Listed(tuple(found), before)


def versions(builds: tuple[Build, ...]) -> list[VersionOf]:
    """Return the versions that builds are of, the one that was built last first."""
    grouped: dict[tuple[str, str], dict[tuple[str, str], Build]] = {}
    for build in builds:
        of_version = grouped.setdefault((build.pin.version, build.pin.commit), {})
        of_version.setdefault((build.order.package, str(build.order.target)), build)
    return [
        VersionOf(version, commit, tuple(of_version[name] for name in sorted(of_version)))
        for (version, commit), of_version in grouped.items()
    ]


def plain(build: Build, package: str) -> bool:
    """Say whether a build is what somebody gets who asks for a program and says nothing more."""
    order = build.order
    usual = order.recipe is not Recipe.BUILDPACK and not (order.tags or order.ldflags)
    return usual and order.package == package and not build.pin.moving


def newest(builds: tuple[Build, ...]) -> Build | None:
    """Return a build of the highest version that can be installed, None if there is none.

    Releases go before pre-releases; what is no version goes last, the one built last first.
    """
    good = [build for build in builds if build.state is State.SUCCEEDED]
    return max(
        (build for build in good if plain(build, build.order.package)), key=_rank, default=None
    )


def _rank(build: Build) -> tuple[bool, bool, tuple[object, ...]]:
    version = build.pin.version
    if not semver.is_valid(version):
        return (False, False, ())
    return (True, "-" not in version, semver.order(version))
