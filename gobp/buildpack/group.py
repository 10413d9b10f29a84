"""The components as one group: who takes part, and which plan entries each of them gets.

They are resolved in process by the rules of a CNB order (platform spec, "Phase #1: Detection"),
so that they meet only through plan and layers, as separate buildpacks would.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.detectors import DETECTORS, Detector
from gobp.cnb.build_plan import BuildPlan
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.cnb.resolution import Candidate, Unresolved, resolve
from gobp.errors import UserError

NO_OUTER_ENTRIES = BuildpackPlan()
_SKIP = "BP_GO_SKIP"
_OWN = {"build": True}  # metadata of what the group itself requires


@dataclass(frozen=True, slots=True)
class Member:
    """A component that takes part, with its entries of the plan.

    ``is_for_others`` says that other buildpacks require what it provides.
    """

    component: str
    entries: tuple[Entry, ...]
    is_for_others: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The components that take part, in order, and why others do not."""

    members: tuple[Member, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotDetected:
    """The group has nothing to do with this app, and why."""

    reason: str


def resolve_group(
    context: DetectContext,
    outer: BuildpackPlan = NO_OUTER_ENTRIES,
    detectors: Iterable[Detector] = DETECTORS,
) -> Group | NotDetected:
    """Run every detect and resolve their plans.

    ``outer`` holds the entries that other buildpacks require of this one; each goes to the
    component that provides its name. Raises UserError on configuration that cannot be read, but
    only for an app that is otherwise detected.
    """
    detectors = tuple(detectors)
    answers = _ask(context, detectors)
    for detector in detectors:
        if not detector.optional and detector.component in answers.left_out:
            return NotDetected(answers.left_out[detector.component])
    if answers.errors:
        raise answers.errors[0]
    resolution = resolve(answers.candidates)
    if isinstance(resolution, Unresolved):
        return NotDetected("; ".join(resolution.reasons))
    provides = {candidate.id: candidate.plan.provides for candidate in answers.candidates}
    members = tuple(
        _member(
            component, resolution.entries[component], _outer_entries(outer, provides[component])
        )
        for component in resolution.ids
    )
    unmet = {
        each.id: _unmet(each.plan) for each in answers.candidates if each.id not in resolution.ids
    }
    reasons = {**answers.left_out, **unmet}
    order = [detector.component for detector in detectors]
    return Group(members, {name: reasons[name] for name in order if name in reasons})


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the detectors said: who would take part, who not and why, and who could not say."""

    candidates: list[Candidate]
    left_out: dict[str, str]
    errors: list[UserError]


def _ask(context: DetectContext, detectors: tuple[Detector, ...]) -> _Answers:
    """Ask each detector in turn. Raises UserError where BP_GO_SKIP cannot be read."""
    answers = _Answers([], {}, [])
    skipped = _skipped(context.env, detectors)
    for detector in detectors:
        if detector.component in skipped:
            answers.left_out[detector.component] = f"{_SKIP} names it"
            continue
        try:
            result = detector.detect(context)
        except UserError as error:
            answers.errors.append(error)
            result = Pass()
        if isinstance(result, Fail):
            answers.left_out[detector.component] = result.reason
        else:
            candidate = Candidate(detector.component, detector.optional, result.plan)
            answers.candidates.append(candidate)
    return answers


def _skipped(env: Mapping[str, str], detectors: Iterable[Detector]) -> frozenset[str]:
    """Return the components that the user leaves out. Raises UserError for one that cannot be."""
    named = frozenset(part.strip() for part in env.get(_SKIP, "").split(":")) - {""}
    optional = {detector.component for detector in detectors if detector.optional}
    if unknown := sorted(named - optional):
        raise UserError(
            f"{_SKIP} names {', '.join(unknown)}, which cannot be left out",
            remedy="name parts of the build, separated by ':', of these: "
            f"{', '.join(sorted(optional))}.",
        )
    return named


def _member(component: str, inner: tuple[Entry, ...], outer: tuple[Entry, ...]) -> Member:
    """Return a member; one entry that asks for Go in the build is the group's own (outer_plan)."""
    is_for_others = len(outer) > 1 or any(each.metadata != _OWN for each in outer)
    return Member(component, inner + outer, is_for_others)


def _unmet(plan: BuildPlan) -> str:
    """Return why resolution left out a component with this plan."""
    if plan.requires:
        return f"nothing provides {', '.join(require.name for require in plan.requires)}"
    return f"nothing requires {', '.join(plan.provides)}"


def _outer_entries(outer: BuildpackPlan, names: Iterable[str]) -> tuple[Entry, ...]:
    return tuple(entry for name in names for entry in outer.named(name))
