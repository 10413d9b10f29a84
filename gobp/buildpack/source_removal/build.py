"""Removes all of the app's folder that BP_KEEP_FILES does not name."""

from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.source_removal.keep import KeepFiles, read_keep_files, removals
from gobp.cnb.launch import Launch
from gobp.system.files import remove_tree


def build(context: BuildContext) -> Launch:
    """Remove the source, so that the image holds the programs and the files to keep."""
    keep = read_configuration(context.facts)
    for path in tuple(removals(context.facts.app, keep)):
        remove_tree(context.app_dir / path)
    left = (*context.facts.app.names(),)
    context.log.process(f"Kept of the app: {', '.join(left) or 'nothing but its programs'}")
    context.log.gap()
    return Launch()


def read_configuration(facts: DetectContext) -> KeepFiles:
    """Read BP_KEEP_FILES. Raises UserError on a glob that cannot be read."""
    return read_keep_files(facts.env)
