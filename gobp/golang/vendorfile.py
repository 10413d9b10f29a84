"""vendor/modules.txt, the list of what ``go mod vendor`` has copied."""

from dataclasses import dataclass

from gobp.golang import semver
from gobp.golang.module import ModuleVersion

_MODULE_MARK = "# "
_ANNOTATION_MARK = "## "


@dataclass(frozen=True, slots=True)
class VendoredModule:
    """A module in the list; its ``version`` is empty for a replacement of all versions.

    ``explicit`` says that go.mod requires it, ``go`` is the version of its own ``go`` line ("" if
    unknown), ``packages`` are those copied (none: it is listed for its replacement or as
    required only).
    """

    path: str
    version: str = ""
    replaced_by: ModuleVersion | None = None
    explicit: bool = False
    go: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorFile:
    """The modules of vendor/modules.txt; ``workspace`` if ``go work vendor`` wrote it."""

    modules: tuple[VendoredModule, ...] = ()
    workspace: bool = False


def parse(text: str) -> VendorFile:
    """Return what the list says; lines it does not know are passed over, as Go does."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        if line.startswith(_MODULE_MARK):
            sections.append((line, []))
        else:
            sections[-1][1].append(line)
    preamble = _annotations(sections[0][1])
    modules = [_module(head.split()[1:], lines) for head, lines in sections[1:]]
    return VendorFile(tuple(filter(None, modules)), workspace="workspace" in preamble)


def _module(head: list[str], lines: list[str]) -> VendoredModule | None:
    """Return the module of a section: ``path [version] [=> path [version]]`` and its lines."""
    arrow = head.index("=>") if "=>" in head else len(head)
    named, replacing = head[:arrow], head[arrow + 1 :]
    path, version = [*named, "", ""][:2]
    if not path or (version and not semver.is_valid(version)) or (not version and not replacing):
        return None
    annotations = _annotations(lines)
    go_versions = [entry[3:] for entry in annotations if entry.startswith("go ")]
    return VendoredModule(
        path=path,
        version=version,
        replaced_by=ModuleVersion(*replacing[:2]) if replacing else None,
        explicit="explicit" in annotations,
        go=go_versions[-1] if go_versions else "",
        packages=tuple(line.strip() for line in lines if line and not line.startswith("#")),
    )


def _annotations(lines: list[str]) -> list[str]:
    """Return the entries of the lines with ``## ``, which are divided by semicolons."""
    marked = [line.removeprefix(_ANNOTATION_MARK) for line in lines if line.startswith("## ")]
    return [entry.strip() for line in marked for entry in line.split(";")]
