"""Open the storage that the settings name; obstore is loaded only where there is a bucket."""

from collections.abc import Mapping
from pathlib import Path

from gobp.buildservice.settings.schema import Store
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.folder import FolderObjects
from gobp.buildservice.storage.objects import Objects
from gobp.buildservice.storage.store import StorageError
from gobp.errors import UserError

_FOLDER = "artifacts"


def open_store(settings: Store, root: Path, env: Mapping[str, str]) -> ArtifactStore:
    """Return the storage: a folder below ``root``, or the bucket of ``settings.url``.

    Of a bucket nothing is asked yet. Raises UserError for settings that cannot be right, or a
    folder that cannot be written to.
    """
    return ArtifactStore(_bucket(settings, env) if settings.url else _folder(root / _FOLDER))


def _folder(root: Path) -> Objects:
    try:
        return FolderObjects(root)
    except StorageError as error:
        raise UserError(str(error), remedy="name a root that this user may write to.") from None


def _bucket(settings: Store, env: Mapping[str, str]) -> Objects:
    from gobp.buildservice.storage.s3 import open_bucket  # noqa: PLC0415 # memory, where not used

    return open_bucket(settings, env)
