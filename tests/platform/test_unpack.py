import io
import tarfile
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.oci.blobs import BytesBlob
from gobp.oci.image import LAYER, Descriptor, Layer
from gobp.platform.unpack import unpack


def layer(*members: tuple[str, bytes, str]) -> Layer:
    """Return a layer of (name, tar type, link target or content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, text in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.mode = 0o755
            if kind == tarfile.REGTYPE:
                info.size = len(text)
            else:
                info.linkname = text
            tar.addfile(info, io.BytesIO(text.encode()))
    blob = BytesBlob(out.getvalue())
    return Layer(Descriptor(LAYER, blob.digest, blob.size), blob.digest, blob)


def test_only_layers_and_the_app_are_unpacked_and_links_lead_there(tmp_path: Path) -> None:
    made = layer(
        ("/etc/passwd", tarfile.REGTYPE, "root"),
        ("/layers", tarfile.DIRTYPE, ""),
        ("/layers/x/file", tarfile.REGTYPE, "content"),
        ("/workspace/link", tarfile.SYMTYPE, "/layers/x/file"),
        ("/workspace/out", tarfile.SYMTYPE, "/usr/bin/env"),
    )

    unpack([made], tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["layers", "workspace"]
    assert (tmp_path / "workspace/link").read_text() == "content"
    assert (tmp_path / "workspace/out").readlink() == Path("/usr/bin/env")


@pytest.mark.parametrize(
    "members",
    [
        [("/layers/../../escaped", tarfile.REGTYPE, "x")],
        [("/layers/x", tarfile.SYMTYPE, "/tmp"), ("/layers/x/escaped", tarfile.REGTYPE, "x")],
        [("/layers/x", tarfile.SYMTYPE, ".."), ("/layers/x", tarfile.DIRTYPE, "")],
        [("/layers", tarfile.SYMTYPE, "/tmp"), ("/layers/escaped", tarfile.REGTYPE, "x")],
    ],
)
def test_an_image_that_would_write_elsewhere_is_refused(
    tmp_path: Path, members: list[tuple[str, bytes, str]]
) -> None:
    (tmp_path / "target").mkdir()

    with pytest.raises(UserError, match="would be written elsewhere"):
        unpack([layer(*members)], tmp_path / "target")

    assert not Path("/tmp/escaped").exists()
    assert not (tmp_path / "escaped").exists()


def test_a_link_of_a_lower_layer_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("safe")
    target = tmp_path / "target"
    target.mkdir()

    unpack(
        [
            layer(("/layers/file", tarfile.SYMTYPE, str(outside))),
            layer(("/layers/file", tarfile.REGTYPE, "new")),
        ],
        target,
    )

    assert outside.read_text() == "safe"
    assert (target / "layers/file").read_text() == "new"
