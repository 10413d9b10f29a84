from pathlib import Path

import pytest

from gobp.oci.blobs import BlobStore
from gobp.oci.image import Image
from gobp.oci.image import Platform as ImagePlatform
from gobp.platform import base, base_layer
from gobp.platform.base_layer import add_base
from gobp.platform.image_layers import LayerStack, layers_by_diff_id
from gobp.system.machine import machine_architecture

ARCHITECTURE = machine_architecture()


def _add(root: Path, stack: LayerStack, facts: str = "") -> str:
    add_base(stack, root, ARCHITECTURE, [], facts)
    return stack.layers[0].diff_id


def _after(root: Path, stack: LayerStack) -> LayerStack:
    """Return the stack of a build whose previous image has the layers of another."""
    config = base.base_config(ImagePlatform("linux", ARCHITECTURE))
    previous = Image.of(config, stack.layers)
    return LayerStack(BlobStore(root / "none"), layers_by_diff_id(previous))


def test_the_layer_of_the_previous_image_is_taken_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = LayerStack(BlobStore(tmp_path / "blobs"), {})
    made = _add(tmp_path, first)
    monkeypatch.setattr(base, "base_entries", None)  # calling it would fail

    assert _add(tmp_path, _after(tmp_path, first)) == made


def test_facts_that_are_known_already_decide_without_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = LayerStack(BlobStore(tmp_path / "blobs"), {})
    made = _add(tmp_path, first, "facts of a build")
    monkeypatch.setattr(base_layer, "facts_digest", None)  # calling it would fail

    second = _after(tmp_path, first)
    assert _add(tmp_path, second, "facts of a build") == made
    assert second.reused == ["base image"]
    third = LayerStack(BlobStore(tmp_path / "blobs"), _after(tmp_path, first).previous)
    monkeypatch.setattr(base, "_BUNDLES", (tmp_path / "other.crt",))
    (tmp_path / "other.crt").write_text("other")
    assert _add(tmp_path, third, "other facts") != made


@pytest.mark.parametrize("note", ["", "{", '{"facts": "other", "diff_id": "x"}'])
def test_a_note_that_does_not_fit_is_not_used(note: str, tmp_path: Path) -> None:
    first = LayerStack(BlobStore(tmp_path / "blobs"), {})
    made = _add(tmp_path, first)
    (tmp_path / "base.json").write_text(note)
    second = _after(tmp_path, first)

    assert _add(tmp_path, second) == made
    assert (tmp_path / "base.json").read_text() != note


def test_without_a_previous_image_the_layer_is_written(tmp_path: Path) -> None:
    made = _add(tmp_path, LayerStack(BlobStore(tmp_path / "blobs"), {}))
    stack = LayerStack(BlobStore(tmp_path / "more"), {})

    assert _add(tmp_path, stack) == made
    assert stack.store.find(stack.layers[0].descriptor.digest) is not None


def test_other_certificates_give_another_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("one")
    monkeypatch.setattr(base, "_BUNDLES", (bundle,))
    first = LayerStack(BlobStore(tmp_path / "blobs"), {})
    made = _add(tmp_path, first)
    bundle.write_text("two")
    second = LayerStack(BlobStore(tmp_path / "blobs"), _after(tmp_path, first).previous)

    assert _add(tmp_path, second) != made
