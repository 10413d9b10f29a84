"""Package URLs, by which scanners look packages up (https://github.com/package-url/purl-spec)."""

from urllib.parse import quote


def golang(path: str, version: str = "") -> str:
    """Return the package URL of a Go module; ``version`` may be empty.

    The path keeps its case, as Go tells modules apart by it and vulnerability databases do too.
    """
    return _purl("golang", path, version)


def generic(name: str, version: str) -> str:
    """Return the package URL of what no package manager has."""
    return _purl("generic", name, version)


def _purl(kind: str, path: str, version: str) -> str:
    name = "/".join(quote(element, safe="") for element in path.split("/"))
    return f"pkg:{kind}/{name}" + (f"@{quote(version, safe='')}" if version else "")
