"""A section of a settings file as a type: each setting with its default."""

from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; a name it does not know is an error.

    The text below each setting in the source is its documentation.
    """
