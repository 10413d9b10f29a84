"""Directives of Heroku's Go buildpack: comments of go.mod such as ``// +heroku install ./cmd/...``.

Source: https://devcenter.heroku.com/articles/go-apps-with-modules
"""

import posixpath
import re
from dataclasses import dataclass

from gobp.buildpack.component import AppTree

_DIRECTIVE = re.compile(r"^//[ \t]*\+heroku[ \t]+(\w+)[ \t]+(\S.*?)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Directives:
    """The version of Go and the targets that go.mod names for Heroku; empty where it names none."""

    go_version: str = ""
    install: tuple[str, ...] = ()


def read_directives(app: AppTree, root: str) -> Directives:
    """Read the go.mod in a folder of the app; of several directives of a kind the last counts."""
    path = posixpath.join(root, "go.mod")
    if not app.has(path):
        return Directives()
    found = dict(_DIRECTIVE.findall(app.read_text(path)))
    return Directives(found.get("goVersion", ""), tuple(found.get("install", "").split()))
