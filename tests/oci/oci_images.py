"""Small real images that the tests of gobp.oci and the integration tests share."""

from pathlib import Path

from gobp.oci.blobs import BlobStore
from gobp.oci.image import ContainerConfig, History, Image, ImageConfig
from gobp.oci.layer_tar import Entry, store_layer

AMD64 = ImageConfig(
    "amd64",
    config=ContainerConfig(
        env=("PATH=/bin", "WHO=gobp"),
        entrypoint=("/bin/app",),
        user="1000:1000",
        working_dir="/workspace",
        labels={"io.example/ünï": "value", "a": "<b>&"},
        exposed_ports=("8080/tcp",),
    ),
    history=(History("base"), History("nothing", empty_layer=True), History("app")),
)


def sample_image(folder: Path, config: ImageConfig = AMD64, *, app: bytes = b"app") -> Image:
    """Make an image of a plain and a compressed layer whose blobs are below ``folder``."""
    store = BlobStore(folder)
    base = [
        Entry.directory("/bin"),
        Entry.directory("/workspace", uid=1000, gid=1000),
        Entry.symlink("/bin/link", "app"),
    ]
    layers = [
        store_layer(store, base, compressed=False),
        store_layer(store, [Entry.file("/bin/app", app, mode=0o755)]),
    ]
    return Image.of(config, layers)
