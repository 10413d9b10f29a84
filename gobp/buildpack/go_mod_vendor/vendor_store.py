"""Vendor folders of earlier builds: the last one as an archive in a layer, many in a volume."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_mod_vendor import vendor_volume
from gobp.buildpack.go_mod_vendor.keep import VENDOR_LAYER, VENDOR_TYPES
from gobp.buildpack.reporting.counted import pack, unpack
from gobp.buildpack.volume import volume_of
from gobp.errors import UserError
from gobp.system.files import remove_tree
from gobp.system.packed import SUFFIX, files_of

_ARCHIVE = f"vendor{SUFFIX}"


def restore(context: BuildContext, layout: AppLayout, key: Mapping[str, str]) -> bool:
    """Put the vendor folder with this key into the app; return whether there is one."""
    vendor = context.app_dir / layout.root / "vendor"
    volume = volume_of(context.env)
    if volume is not None:
        found = vendor_volume.restore(_folder(volume), _name(key), vendor)
    else:
        found = _restore_from_layer(context, key, vendor)
    if found:
        context.log.process("Reusing the vendor folder: go.mod, go.sum and imports are the same")
    return found


def save(context: BuildContext, layout: AppLayout, key: Mapping[str, str]) -> None:
    """Keep the app's vendor folder for builds with the same key; it may be absent."""
    vendor = context.app_dir / layout.root / "vendor"
    volume = volume_of(context.env)
    if volume is not None:
        vendor_volume.save(_folder(volume), _name(key), vendor)
        return
    layer = context.layers.layer(VENDOR_LAYER)
    archive = layer.reset() / _ARCHIVE
    pack(context.report, vendor, archive, files_of(vendor) if vendor.is_dir() else ())
    context.layers.contribute(layer, VENDOR_TYPES, metadata=key)


def _restore_from_layer(context: BuildContext, key: Mapping[str, str], vendor: Path) -> bool:
    layer = context.layers.layer(VENDOR_LAYER)
    if not layer.restored:
        return False
    changed = [name for name, value in key.items() if layer.restored.get(name) != value]
    reason = f"{', '.join(changed)} changed" if changed else "; ".join(layer.stale_because(key))
    if not reason:
        try:
            unpack(context.report, layer.path / _ARCHIVE, vendor)
        except UserError as error:
            remove_tree(vendor)
            reason = error.summary
        else:
            context.layers.contribute(layer, VENDOR_TYPES, metadata=key)
            return True
    context.log.process(f"Not reusing the vendor folder: {reason}")
    return False


def _folder(volume: Path) -> Path:
    return volume / "vendor"


def _name(key: Mapping[str, str]) -> str:
    return hashlib.sha256(
        "\n".join(f"{k} {v}" for k, v in sorted(key.items())).encode()
    ).hexdigest()
