"""Labels of the image: BP_OCI_* by their OCI names, and any other by BP_IMAGE_LABELS."""
