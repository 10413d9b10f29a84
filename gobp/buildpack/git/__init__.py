"""Names the revision of the app's git repository, in the image and for the build."""
