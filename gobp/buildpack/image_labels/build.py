"""Adds the user's labels to the image; being last, they win over labels from the build."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.image_labels.labels import image_labels
from gobp.cnb.launch import Launch


def build(context: BuildContext) -> Launch:
    """Return the labels."""
    labels = image_labels(context.env)
    context.log.process("Adding image labels:")
    for label in labels:
        context.log.subprocess(f"{label.key}: {label.value}")
    context.log.gap()
    return Launch(labels=labels)
