"""The go.mod and go.sum that an app from before modules needs, worked out by go in a copy of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.failures.explain import explain
from gobp.golang.json_objects import json_objects
from gobp.golang.legacy_lock import LegacyLock, LockedProject
from gobp.golang.module import ModuleVersion, check_path
from gobp.system.files import copy_tree
from gobp.system.process import Captured, Commands

_NOT_COPIED = frozenset({".git", "Godeps", "vendor"})
_TAIL = 40  # lines of go's output that go into an error


@dataclass(frozen=True, slots=True)
class Proposal:
    """Both files, and what the user should know of them, as sentences."""

    go_mod: str
    go_sum: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answers:
    """What go says of the locked projects: the module of each, or why there is none."""

    found: Mapping[LockedProject, ModuleVersion]
    refused: Mapping[LockedProject, str]


@dataclass(frozen=True, slots=True)
class Go:
    """The go command, run in the copy."""

    commands: Commands
    folder: Path
    env: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """Return what go prints. Raises UserError when it fails."""
        done = self._capture(arguments)
        if done.status != 0:
            raise self._failure(arguments, done)
        return done.stdout

    def _capture(self, arguments: Sequence[str]) -> Captured:
        flags = f"{self.env.get('GOFLAGS', '')} -mod=mod".strip()
        env = {**self.env, "GO111MODULE": "on", "GOWORK": "off", "GOFLAGS": flags}
        return self.commands.capture(("go", *arguments), cwd=self.folder, env=env)

    def _failure(self, arguments: Sequence[str], done: Captured) -> UserError:
        lines = (done.stderr or done.stdout).splitlines()[-_TAIL:]
        error = explain(f"go {' '.join(arguments[:2])}", done.status, lines, self.env)
        written = self.folder / "go.mod"
        so_far = written.read_text(encoding="utf-8").splitlines() if written.exists() else []
        detail = [*lines, *(("go.mod so far:", *so_far) if so_far else ())]
        return UserError(error.summary, detail="\n".join(detail), remedy=error.remedy)


def copy_of(app: Path, target: Path) -> Path:
    """Copy the app without what go does not ask: its history and the vendored packages."""
    target.mkdir()
    for path in sorted(app.iterdir()):
        if path.name in _NOT_COPIED:
            continue
        if path.is_dir() and not path.is_symlink():
            copy_tree(path, target / path.name)
        elif path.suffix == ".go":
            (target / path.name).write_bytes(path.read_bytes())
    return target


def propose(go: Go, module: str, lock: LegacyLock) -> Proposal:
    """Turn a lock into a module's files, checked by ``go mod tidy``. Raises UserError."""
    go.run("mod", "init", module)
    answers = _ask(go, lock.projects)
    edits = tuple(_edits(answers.found))
    if edits:
        go.run("mod", "edit", *edits)
    go.run("mod", "tidy")
    go_mod = (go.folder / "go.mod").read_text(encoding="utf-8")
    sums = go.folder / "go.sum"
    return Proposal(
        go_mod=go_mod,
        go_sum=sums.read_text(encoding="utf-8") if sums.exists() else "",
        notes=tuple(_notes(answers, _versions(go_mod))),
    )


def _ask(go: Go, projects: Iterable[LockedProject]) -> _Answers:
    """Ask go for every project's module: by its tag, and where that fails by its revision.

    Each round is one ``go list``, which asks the module proxy for all at the same time.
    """
    found: dict[LockedProject, ModuleVersion] = {}
    refused: dict[LockedProject, str] = {}
    queries = {project: list(project.queries) for project in projects}
    while pending := {each: rest.pop(0) for each, rest in queries.items() if rest}:
        answers = _list(go, sorted({query for query in pending.values() if _is_askable(query)}))
        for project, query in pending.items():
            answer = answers.get(query, "no module has such a path")
            if isinstance(answer, ModuleVersion):
                found[project] = answer
                queries[project].clear()
            else:
                refused.setdefault(project, answer)
    return _Answers(found, {each: why for each, why in refused.items() if each not in found})


def _is_askable(query: str) -> bool:
    try:
        check_path(query.partition("@")[0])
    except UserError:
        return False
    return True


def _list(go: Go, queries: Sequence[str]) -> dict[str, ModuleVersion | str]:
    """Return by query the module that go finds, or its reason to find none."""
    if not queries:
        return {}
    listed = json_objects(go.run("list", "-m", "-e", "-json=Path,Version,Query,Error", *queries))
    answers: dict[str, ModuleVersion | str] = {}
    for row in listed:
        asked = f"{row['Path']}@{row.get('Query') or row.get('Version', '')}"
        if "Error" in row:
            answers[asked] = row["Error"]["Err"].splitlines()[0].removeprefix(f"{asked}: ")
        else:
            answers[asked] = ModuleVersion(row["Path"], row["Version"])
    return answers


def _edits(found: Mapping[LockedProject, ModuleVersion]) -> Iterable[str]:
    """Yield the arguments of ``go mod edit``: forks replace what the app imports."""
    for project, module in found.items():
        if project.source:
            yield f"-replace={project.path}={module}"
        else:
            yield f"-require={module}"


def _versions(go_mod: str) -> dict[str, str]:
    """Return the version of each module that a go.mod requires."""
    requires = modfile.parse(go_mod, source="go.mod").requires
    return {each.path: each.version for each in requires}


def _notes(answers: _Answers, chosen: Mapping[str, str]) -> Iterable[str]:
    unneeded = []
    for project, module in answers.found.items():
        path = project.path if project.source else module.path
        if path not in chosen:
            unneeded.append(path)
        elif not project.source and chosen[path] != module.version:
            yield (
                f"{path} is locked at {module.version}, and go takes {chosen[path]}, which another "
                "module requires"
            )
    for project, reason in answers.refused.items():
        taken = [path for path in project.paths if path in chosen]
        instead = (
            f"go takes {chosen[taken[0]]} instead" if taken else "nothing in go.mod stands for it"
        )
        locked = project.version or project.revision
        yield f"{project.path} is locked at {locked}, which go cannot find ({reason}): {instead}"
    if unneeded:
        yield f"left out, as no package imports them: {', '.join(sorted(unneeded))}"
