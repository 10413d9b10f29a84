"""What a build is to do, read from variables and the app before anything runs."""

from dataclasses import dataclass

from gobp.buildpack.app_layout import AppLayout, Mode, Vendor, read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go_build.flags import build_flags, tags_of, user_flags
from gobp.buildpack.go_build.linking import Linking, read_linking
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
    user = user_flags(facts.env)
    linking = read_linking(facts.env, facts.target)
    goflags = facts.env.get("GOFLAGS", "")
    tags = tags_of(user, goflags)
    built_for = BuildTarget(facts.target.arch, tags)
    targets, because = _targets(facts, layout, built_for)
    return BuildConfig(
        layout=layout,
        flags=build_flags(
            user,
            goflags,
            mod=_mod(layout, will_be_vendored=will_be_vendored),
            buildmode=linking.buildmode,
            ldflags=linking.ldflags,
        ),
        targets=targets,
        targets_because=because,
        tags=tags,
        linking=linking,
    )


def _mod(layout: AppLayout, *, will_be_vendored: bool) -> str:
    """Return the default of ``-mod``: from the vendor folder, or past one that is not go's."""
    if layout.mode is Mode.GOPATH:
        return ""
    if layout.vendor is Vendor.OTHER:
        return "readonly"
    return "vendor" if layout.vendor is Vendor.OF_GO or will_be_vendored else ""


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
