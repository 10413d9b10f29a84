"""Syft's own JSON (https://github.com/anchore/syft, schema/json), as Paketo's buildpacks write it.

Model 16 is that of every Syft since 1.0; its first schema has all that a Go program needs, and who
reads a later one reads it.
"""

from gobp.golang.buildinfo import experiments_of, release_of
from gobp.sbom.bill import Bill, Component, Kind, Program
from gobp.sbom.origin import TOOL, Origin, digest

Document = dict[str, object]

_SCHEMA = "16.0.0"
_SCHEMA_URL = "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json"
_BINARY_ENTRY = "go-module-buildinfo-entry"
_DIGITS = 16  # of an identifier, in hex


def document(bill: Bill, origin: Origin) -> Document:
    """Return a bill as Syft writes it: an artifact for each module of each program."""
    artifacts: list[Document] = []
    relationships: list[Document] = []
    for program in bill.programs:
        parts = [_part(component, program) for component in program.parts]
        artifacts.extend(parts)
        relationships.extend(_relationships(parts, program.main))
    if not bill.programs:
        artifacts.extend(_artifact(each, _BARE) for each in bill.components)
    return {
        "artifacts": artifacts,
        "artifactRelationships": relationships,
        "source": _source(bill),
        "distro": {},
        "descriptor": {"name": TOOL, "version": origin.version},
        "schema": {"version": _SCHEMA, "url": _SCHEMA_URL},
    }


_BARE: Document = {"type": "binary", "language": "", "locations": []}


def _source(bill: Bill) -> Document:
    return {
        "id": digest({"source": bill.subject}),
        "name": bill.subject,
        "version": "",
        "type": "directory",
        "metadata": {"path": bill.subject},
    }


def _part(component: Component, program: Program) -> Document:
    info = program.file.info
    entry: Document = {
        "goCompiledVersion": f"go{release_of(info.go_version)}",
        "architecture": info.settings.get("GOARCH", ""),
    }
    if component.kind is Kind.MODULE:
        entry |= _module_entry(component, program)
    location = {"path": f"/{program.name}", "accessPath": f"/{program.name}"}
    return _artifact(
        component,
        {
            "type": "go-module",
            "language": "go",
            "locations": [location],
            "metadataType": _BINARY_ENTRY,
            "metadata": entry,
        },
    )


def _module_entry(component: Component, program: Program) -> Document:
    """Return what Syft notes of a module only: its hash, and of the main one how it was built."""
    info = program.file.info
    experiments = list(experiments_of(info.go_version))
    settings = [{"key": key, "value": info.settings[key]} for key in sorted(info.settings)]
    entry: Document = {
        "h1Digest": component.h1,
        "mainModule": program.main.name if program.main else "",
        "goExperiments": experiments,
        "goBuildSettings": settings if component == program.main else [],
    }
    return {name: value for name, value in entry.items() if value}


def _artifact(component: Component, found: Document) -> Document:
    made: Document = {
        **found,
        "name": component.name,
        "version": _version(component),
        "foundBy": TOOL,
        "licenses": [_licence(each) for each in component.licences],
        "cpes": [{"cpe": component.cpe}] if component.cpe else [],
        "purl": component.purl,
    }
    return {**made, "id": digest(made)[:_DIGITS]}


def _version(component: Component) -> str:
    """Return the version; that of the standard library begins with "go", as Syft has it."""
    prefix = "go" if component.kind is Kind.STANDARD_LIBRARY else ""
    return f"{prefix}{component.version}"


def _licence(identifier: str) -> Document:
    return {
        "value": identifier,
        "spdxExpression": identifier,
        "type": "declared",
        "urls": [],
        "locations": [],
    }


def _relationships(parts: list[Document], main: Component | None) -> list[Document]:
    """Return that each other part is a dependency of the main module."""
    children = [part for part in parts if main and part["purl"] == main.purl]
    return [
        {"parent": part["id"], "child": child["id"], "type": "dependency-of"}
        for child in children
        for part in parts
        if part is not child
    ]
