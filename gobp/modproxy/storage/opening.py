"""Open the storage that the settings name; its library is loaded only where there is one."""

from collections.abc import Mapping

from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.settings.schema import Store
from gobp.modproxy.tree.module_tree import OWN
from gobp.modproxy.tree.trees import Trees


def open_backing(settings: Store, trees: Trees, env: Mapping[str, str]) -> Backing:
    """Return the storage behind the trees; to be called in the event loop of a worker.

    It begins at once to store what was left to be stored. Raises UserError for wrong settings.
    """
    if not settings.url:
        return NoBacking()
    from gobp.modproxy.storage.bucket import open_bucket  # noqa: PLC0415 # memory, where not used
    from gobp.modproxy.storage.s3 import S3Backing  # noqa: PLC0415 # as above
    from gobp.modproxy.storage.uploads import Uploads  # noqa: PLC0415 # as above

    backing = S3Backing(
        open_bucket(settings, env),
        trees,
        Uploads(trees.public.root.parent / OWN / "uploads"),
        redirect_above=settings.redirect_above,
    )
    backing.start()
    return backing


def check_backing(settings: Store, env: Mapping[str, str]) -> None:
    """Raise UserError for settings that cannot be right."""
    if settings.url:
        from gobp.modproxy.storage.bucket import open_bucket  # noqa: PLC0415 # as above

        open_bucket(settings, env)
