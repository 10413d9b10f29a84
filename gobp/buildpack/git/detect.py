"""There is a revision to name when the app is a git repository."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.git.repository import DOT_GIT, repository_folder, revision


def detect(context: DetectContext) -> DetectResult:
    """Take part when HEAD names a commit."""
    if repository_folder(context.app):
        return Pass() if revision(context.app) else Fail("the app's git repository has no commit")
    if context.app.has(DOT_GIT):
        return Fail("the app is a git worktree or submodule, whose repository is elsewhere")
    return Fail("the app has no .git folder")
