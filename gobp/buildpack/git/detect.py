"""There is a revision to name when the app is a git repository."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.git.repository import FOLDER, revision


def detect(context: DetectContext) -> DetectResult:
    """Take part when HEAD names a commit."""
    if not context.app.is_dir(FOLDER):
        return Fail("the app has no .git folder")
    return Pass() if revision(context.app) else Fail("the app's git repository has no commit")
