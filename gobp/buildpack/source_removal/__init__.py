"""Takes the app's source out of the image, once everything that needs it has run."""
