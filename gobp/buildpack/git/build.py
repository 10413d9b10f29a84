"""Gives the revision to the build and to the image: REVISION, and a label."""

import posixpath
import re

from gobp.buildpack.app.layout import AppLayout, read_layout
from gobp.buildpack.component import AppTree, BuildContext
from gobp.buildpack.git.repository import revision
from gobp.buildpack.go.git_config import git_config
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Label, Launch
from gobp.cnb.layer import LayerTypes

LAYER = "git"
_LABEL = "org.opencontainers.image.revision"
_VARIABLE = "REVISION"
_MADE_BY_THE_BUILD = ("vendor", "go.work", "go.work.sum")


def build(context: BuildContext) -> Launch:
    """Set REVISION, so that ``-X main.commit=${REVISION}`` works in BP_GO_BUILD_LDFLAGS."""
    commit = revision(context.facts.app)
    context.log.process(f"{_VARIABLE} -> {commit}")
    context.log.gap()
    layer = context.layers.layer(LAYER)
    layer.reset()
    default = Modification(_VARIABLE, Operation.DEFAULT, commit)
    environment = LayerEnvironment(every=(default,))
    context.layers.contribute(layer, LayerTypes(build=True, launch=True), environment=environment)
    _hide_what_the_build_makes(context)
    return Launch(labels=(Label(_LABEL, commit),))


def _hide_what_the_build_makes(context: BuildContext) -> None:
    """Keep git from taking the build's own files for changes, which go writes into programs.

    What is there already is the user's, and counts. Source: gitignore(5); cmd/go, ``gitStatus``.
    """
    made = paths_to_come(context.facts.app, read_layout(context.facts.app, context.env))
    excludes = context.session.folder() / "git-excludes"
    excludes.write_text("".join(f"/{_literal(path)}\n" for path in made))
    for name, value in git_config(context.env, [("core.excludesFile", str(excludes))]).items():
        context.session.set(name, value)


def paths_to_come(app: AppTree, layout: AppLayout) -> tuple[str, ...]:
    """Return what the build may add to the app, and the app does not have."""
    paths = (posixpath.join(layout.root, name) for name in _MADE_BY_THE_BUILD)
    return tuple(path for path in paths if not (app.has(path) or app.is_dir(path)))


def _literal(path: str) -> str:
    """Return a path as a pattern that matches it alone."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)
