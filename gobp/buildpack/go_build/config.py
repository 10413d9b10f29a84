"""What a build is to do, read from variables and the app before anything runs."""

from dataclasses import dataclass

from gobp.buildpack.app.layout import AppLayout, read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.compiling import compile_flags
from gobp.buildpack.go.flags import tags_of, user_flags
from gobp.buildpack.go.linking import Linking, read_linking
from gobp.buildpack.go_build.targets import chosen_targets, find_programs, wished_targets
from gobp.errors import UserError
from gobp.golang.sourcefile import BuildTarget


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """The arguments of the build, and why these targets."""

    layout: AppLayout
    flags: tuple[str, ...]
    targets: tuple[str, ...]
    targets_because: str
    tags: frozenset[str]
    linking: Linking


def read_config(facts: DetectContext, *, will_be_vendored: bool = False) -> BuildConfig:
    """Read the whole configuration. Raises UserError.

    ``will_be_vendored`` says that the modules are to be vendored by a step still to come.
    """
    layout = read_layout(facts.app, facts.env)
    tags = tags_of(user_flags(facts.env), facts.env.get("GOFLAGS", ""))
    built_for = BuildTarget(facts.target.arch, tags)
    targets, because = _targets(facts, layout, built_for)
    return BuildConfig(
        layout=layout,
        flags=compile_flags(facts, layout, will_be_vendored=will_be_vendored),
        targets=targets,
        targets_because=because,
        tags=tags,
        linking=read_linking(facts.env, facts.target),
    )


def _targets(
    facts: DetectContext, layout: AppLayout, built_for: BuildTarget
) -> tuple[tuple[str, ...], str]:
    wish = wished_targets(facts.app, layout, facts.env)
    if wish.targets:
        return chosen_targets(facts.app, layout, wish), f"named in {wish.named_by}"
    found = find_programs(facts.app, layout, built_for)
    if found.chosen:
        return found.chosen, found.reason
    raise UserError(
        "the app has no program to build: no package main was found",
        detail=f"programs found aside: {', '.join(found.all)}" if found.all else "",
        remedy="add a package main, or name the folders of the programs in BP_GO_TARGETS "
        "(and in BP_GO_WORKDIR the folder that they are in).",
    )
