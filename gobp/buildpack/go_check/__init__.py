"""Vets and tests the app before it is built, so that no image is made of what does not work."""
