"""Whether a build may be left out the next time: by what it depends on and its buildpacks say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.cnb.buildpack import escape_id
from gobp.cnb.store import Store
from gobp.log import BuildLog
from gobp.oci.reference import Reference
from gobp.platform import base
from gobp.platform.buildpacks import Buildpack, BuildpackStore
from gobp.platform.layers_dir import read_toml
from gobp.platform.repeat import Record, Unrepeatable, record_of
from gobp.platform.request import BuildRequest
from gobp.platform.workspace import Workspace


def begin(
    request: BuildRequest,
    store: BuildpackStore,
    architecture: str,
    environ: Mapping[str, str],
    log: BuildLog,
) -> Record | None:
    """Return what a build that begins depends on, None where that is more than can be known."""
    given = store.buildpacks
    try:
        files = [*_run_image(request.run_image, architecture, given)]
        files += [path for each in given for path in each.files]
        return record_of(
            request, environ, files, [name for each in given for name in each.programs]
        )
    except Unrepeatable as reason:
        log.debug(f"The next build is done even if nothing changes: {reason}")
        return None


def is_repeatable(store: BuildpackStore, group: Sequence[Buildpack], workspace: Workspace) -> bool:
    """Tell whether every buildpack took part and has said that it would do the same again."""
    taking_part = {str(each) for each in group}
    return all(
        each.descriptor.order or (str(each) in taking_part and _says_so(each, workspace))
        for each in store.buildpacks
    )


def _run_image(name: str, architecture: str, given: Sequence[Buildpack]) -> list[Path]:
    """Return what the run image is made of here.

    Raises Unrepeatable where a registry may have another one under the same name.
    """
    if not name:
        return base.sources(architecture, [each.root for each in given])
    path = Path(name)
    if path.exists():
        return [path]
    if Reference.parse(name).digest:
        return []
    raise Unrepeatable(f"{name} may become another image")


def _says_so(buildpack: Buildpack, workspace: Workspace) -> bool:
    source = workspace.layers / escape_id(buildpack.id) / "store.toml"
    store = Store.from_toml(read_toml(source) or {}, source=str(source))
    return store.metadata.get("repeatable") is True
