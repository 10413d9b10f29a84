"""Which buildpacks of a group take part: provides and requires resolved as the lifecycle does.

Source: buildpack specification, "Phase #1: Detection"; where it leaves a choice, the lifecycle's
``phase/detector.go``: options are tried from left to right and from the last buildpack back, and
``optional`` counts only for the last option of a buildpack.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.buildpack_plan import Entry


@dataclass(frozen=True, slots=True)
class Candidate:
    """A buildpack that passed detection, with its plan."""

    id: str
    optional: bool
    plan: BuildPlan


@dataclass(frozen=True, slots=True)
class Dependency:
    """A dependency of the plan: who provides it, and all that require it, both in group order."""

    name: str
    providers: tuple[str, ...]
    requires: tuple[Require, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The buildpacks that take part, in order, and the plan, by name of dependency.

    ``skipped`` says why each optional buildpack that is left out is.
    """

    ids: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    skipped: tuple[str, ...] = ()

    @property
    def entries(self) -> dict[str, tuple[Entry, ...]]:
        """The entries that each buildpack provides, as if none before it met any."""
        return {
            buildpack_id: tuple(
                Entry(require.name, require.metadata)
                for dependency in self.dependencies
                if buildpack_id in dependency.providers
                for require in dependency.requires
            )
            for buildpack_id in self.ids
        }


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No choice of options works; ``reasons`` has each conflict met, once."""

    reasons: tuple[str, ...]


def resolve(candidates: Sequence[Candidate]) -> Resolution | Unresolved:
    """Return the first choice of options that works; ``candidates`` have different IDs."""
    reasons: dict[str, None] = {}
    for options in product(*(_options(candidate) for candidate in candidates)):
        outcome = _try(options)
        if isinstance(outcome, Resolution):
            return outcome
        reasons |= dict.fromkeys(outcome.reasons)
    return Unresolved(tuple(reasons))


def _options(candidate: Candidate) -> list[Candidate]:
    plans = candidate.plan.options
    last = len(plans) - 1
    return [
        Candidate(candidate.id, candidate.optional and index == last, plan)
        for index, plan in enumerate(plans)
    ]


@dataclass(slots=True)
class _Needs:
    """What a trial knows of one dependency."""

    spare: list[Candidate] = field(default_factory=list)  # provide it; nothing requires it yet
    early: list[Candidate] = field(default_factory=list)  # require it before anything provides it
    providers: list[str] = field(default_factory=list)
    requires: list[Require] = field(default_factory=list)


def _try(trial: Sequence[Candidate]) -> Resolution | Unresolved:
    """Take optional buildpacks out until all that is left fits, or a required one does not."""
    skipped: list[str] = []
    while trial:
        needs = _collect(trial)
        conflicts = _conflicts(needs)
        if not conflicts:
            ids = tuple(candidate.id for candidate in trial)
            return Resolution(ids, _dependencies(needs), tuple(skipped))
        fatal = [reason for candidate, reason in conflicts if not candidate.optional]
        if fatal:
            return Unresolved(tuple(fatal))
        skipped.extend(reason for _, reason in conflicts)
        removed = {candidate.id for candidate, _ in conflicts}
        trial = [candidate for candidate in trial if candidate.id not in removed]
    return Unresolved((*skipped, "no buildpack is left"))


def _collect(trial: Sequence[Candidate]) -> dict[str, _Needs]:
    needs: dict[str, _Needs] = {}
    for candidate in trial:
        # First what it provides: a buildpack may require what it provides itself.
        for name in candidate.plan.provides:
            needs.setdefault(name, _Needs()).spare.append(candidate)
        for require in candidate.plan.requires:
            need = needs.setdefault(require.name, _Needs())
            need.providers.extend(spare.id for spare in need.spare)
            need.spare.clear()
            if need.providers:
                need.requires.append(require)
            else:
                need.early.append(candidate)
    return needs


def _conflicts(needs: dict[str, _Needs]) -> list[tuple[Candidate, str]]:
    """Return each buildpack that cannot take part, with the reason, by name of dependency."""
    return [
        *(
            (each, f"{each.id} requires {name}, which no buildpack before it provides")
            for name, need in sorted(needs.items())
            for each in need.early
        ),
        *(
            (each, f"{each.id} provides {name}, which no buildpack after it requires")
            for name, need in sorted(needs.items())
            for each in need.spare
        ),
    ]


def _dependencies(needs: dict[str, _Needs]) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(name, tuple(need.providers), tuple(need.requires))
        for name, need in sorted(needs.items())
    )
