"""What a query in a URL asks for, checked."""

from urllib.parse import parse_qs

_MOST_CHARACTERS = 2000
_MOST_FIELDS = 20


class BadParameterError(ValueError):
    """A parameter is not what it may be; the text says why, for who asked."""


class Parameters:
    """The parameters of a query; of one that is there twice the first counts."""

    def __init__(self, query: str) -> None:
        """Raise BadParameterError for what is no query."""
        if len(query) > _MOST_CHARACTERS:
            raise BadParameterError(f"the query has more than {_MOST_CHARACTERS} characters")
        try:
            self._values = parse_qs(query, max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise BadParameterError(f"the query has more than {_MOST_FIELDS} parameters") from None

    def text(self, name: str) -> str:
        """Return a parameter, "" if it is not there."""
        return self._values.get(name, [""])[0]

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 to ``most``. Raises BadParameterError."""
        text = self.text(name)
        if not text:
            return default
        short = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
        if not short or not 1 <= int(text) <= most:
            raise BadParameterError(
                f"{name} is {text[:50]!r}, but must be a number from 1 to {most}"
            )
        return int(text)
