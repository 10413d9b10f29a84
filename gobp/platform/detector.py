"""The detect phase: which buildpacks take part, and what they need of each other (cnb.md 2.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gobp.cnb import toml
from gobp.cnb.build_metadata import GroupMember
from gobp.cnb.build_plan import BuildPlan
from gobp.cnb.buildpack import BuildpackTarget, Group, GroupElement
from gobp.cnb.exit_status import FAIL, PASS
from gobp.cnb.phases import Target
from gobp.cnb.platform_files import Plan, PlanEntry
from gobp.cnb.resolution import Candidate, Dependency, Resolution, resolve
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.platform import failure
from gobp.platform.buildpacks import Buildpack, BuildpackStore
from gobp.platform.execution import DetectRun, Surroundings, run_detect
from gobp.platform.failure import PhaseFailed

_DID_NOT_RUN = -1


@dataclass(frozen=True, slots=True)
class Detected:
    """The buildpacks that build, in order, and what is required of whom, sorted by name."""

    group: tuple[Buildpack, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Participant:
    """A buildpack of the group that is tried."""

    buildpack: Buildpack
    optional: bool


def detect(store: BuildpackStore, surroundings: Surroundings, log: BuildLog) -> Detected:
    """Find the group for an app.

    Raises PhaseFailed if no group passes; what the buildpacks said is its detail.
    """
    search = _Search(store, surroundings, log)
    found = search.try_order((store.group(),), (), (), optional=False)
    if found is None:
        raise search.failed()
    return found


def _at_once(
    run: Callable[[Buildpack], DetectRun], buildpacks: Sequence[Buildpack]
) -> list[DetectRun]:
    """Return what ``run`` returns for each, all in threads; but for one there is no need of any."""
    if len(buildpacks) == 1:
        return [run(buildpacks[0])]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 # most builds have but one

    with ThreadPoolExecutor(max_workers=len(buildpacks)) as pool:
        return list(pool.map(run, buildpacks))


class _Search:
    """Goes through the groups, running each buildpack's detect once."""

    def __init__(self, store: BuildpackStore, surroundings: Surroundings, log: BuildLog) -> None:
        self._store = store
        self._surroundings = surroundings
        self._log = log
        self._runs: dict[str, DetectRun] = {}
        self._reasons: list[str] = []
        self._errors = False

    def try_order(
        self,
        order: Sequence[Group],
        done: tuple[_Participant, ...],
        following: Group,
        *,
        optional: bool,
    ) -> Detected | None:
        """Return the first group that passes; without any of them too, where that is allowed."""
        for group in order:
            found = self._try_group((*group, *following), done)
            if found is not None:
                return found
        return self._try_group(following, done) if optional else None

    def failed(self) -> PhaseFailed:
        """Return the error that says why no group passed."""
        status = failure.NO_GROUP_PASSED_AND_ERRORS if self._errors else failure.NO_GROUP_PASSED
        return PhaseFailed(
            "no group of buildpacks applies to this app (detect)",
            exit_status=status,
            detail="\n".join([*self._outputs(), *dict.fromkeys(self._reasons)]),
            remedy="read why each buildpack left out above, and give the app what one asks for.",
        )

    def _try_group(self, group: Group, done: tuple[_Participant, ...]) -> Detected | None:
        for position, element in enumerate(group):
            if any(element.id == each.buildpack.id for each in done):
                continue
            buildpack = self._store.find(element)
            if buildpack.descriptor.order:
                return self.try_order(
                    buildpack.descriptor.order,
                    done,
                    group[position + 1 :],
                    optional=element.optional,
                )
            done = (*done, _Participant(buildpack, element.optional))
            self._check_target(buildpack, element)
        return self._resolve(done)

    def _check_target(self, buildpack: Buildpack, element: GroupElement) -> None:
        """Let a required buildpack fail that is not for the target; an optional one runs.

        That is what the lifecycle does since Platform API 0.12.
        """
        target, targets = self._surroundings.target, buildpack.descriptor.targets
        if element.optional or not targets or any(fits(each, target) for each in targets):
            return
        supported = ", ".join(f"{each.os}/{each.arch}" for each in targets)
        reason = f"it is for {supported}, the image for {target.os}/{target.arch}"
        self._runs[str(buildpack)] = DetectRun(_DID_NOT_RUN, reason, "")

    def _resolve(self, done: tuple[_Participant, ...]) -> Detected | None:
        self._run([each.buildpack for each in done if str(each.buildpack) not in self._runs])
        candidates, passed = [], True
        for each in done:
            plan = self._plan_of(each.buildpack)
            if plan is None:
                passed = passed and each.optional
            else:
                candidates.append(Candidate(each.buildpack.id, each.optional, plan))
        if not passed:
            return None
        outcome = resolve(candidates)
        if not isinstance(outcome, Resolution):
            self._reasons.extend(outcome.reasons)
            return None
        for reason in outcome.skipped:
            self._log.debug(f"skip: {reason}")
        by_id = {each.buildpack.id: each.buildpack for each in done}
        group = tuple(by_id[name] for name in outcome.ids)
        return Detected(group, _plan(outcome.dependencies, group))

    def _run(self, buildpacks: list[Buildpack]) -> None:
        """Run the detects of a group at the same time, as the lifecycle does."""
        if not buildpacks:
            return
        runs = _at_once(lambda each: run_detect(each, self._surroundings), buildpacks)
        for buildpack, run in zip(buildpacks, runs, strict=True):
            self._runs[str(buildpack)] = run
            self._log.debug(f"{_verdict(run.status)}: {buildpack}")
            if run.output:
                self._log.debug(run.output)

    def _plan_of(self, buildpack: Buildpack) -> BuildPlan | None:
        """Return the plan of a buildpack that passed; note where one did not even answer."""
        run = self._runs[str(buildpack)]
        if run.status not in {PASS, FAIL}:
            self._errors = True
        if run.status != PASS:
            return None
        source = f"the build plan of {buildpack}"
        try:
            return BuildPlan.from_toml(toml.loads(run.plan, source=source), source=source)
        except UserError as error:
            self._errors = True
            self._reasons.append(str(error))
            return None

    def _outputs(self) -> list[str]:
        lines = []
        for name, run in self._runs.items():
            lines.append(f"{_verdict(run.status)}: {name}")
            lines.extend(f"  {line}" for line in run.output.splitlines())
        return lines


def _plan(dependencies: Sequence[Dependency], group: Sequence[Buildpack]) -> Plan:
    members = {each.id: GroupMember(each.id, each.descriptor.version) for each in group}
    return Plan(
        tuple(
            PlanEntry(tuple(members[name] for name in each.providers), each.requires)
            for each in dependencies
        )
    )


def fits(supported: BuildpackTarget, target: Target) -> bool:
    """Tell whether a target that a buildpack names is the one of this build; "" fits anything."""
    pairs = (
        (supported.os, target.os),
        (supported.arch, target.arch),
        (supported.variant, target.variant),
    )
    if not all(_same(*pair) for pair in pairs):
        return False
    distros = supported.distros
    return not distros or any(
        _same(each.name, target.distro_name) and _same(each.version, target.distro_version)
        for each in distros
        if target.distro_name or target.distro_version
    )


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other


def _verdict(status: int) -> str:
    words = {PASS: "pass", FAIL: "fail", _DID_NOT_RUN: "error"}
    return words.get(status, f"error (exit status {status})")
