"""CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/).

1.6 is of April 2024: the scanners of that year and later read it, and it can say that a licence is
the one that the authors declare.
"""

from gobp.sbom.bill import Bill, Component, Kind, Program, settings_of
from gobp.sbom.origin import TOOL, Origin, uuid_of

Document = dict[str, object]

_VERSION = "1.6"
_TYPES = {Kind.MODULE: "library", Kind.STANDARD_LIBRARY: "library", Kind.TOOLCHAIN: "application"}
_PROPERTIES = "gobp:go"  # the namespace of what only gobp's documents say


def document(bill: Bill, origin: Origin) -> Document:
    """Return a bill as a CycloneDX document, named after what it holds."""
    made = {
        "$schema": f"http://cyclonedx.org/schema/bom-{_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": _VERSION,
        "version": 1,
        "metadata": _metadata(bill, origin),
        "components": [
            *(_program(program) for program in bill.programs),
            *(_component(component) for component in bill.components),
        ],
        "dependencies": _dependencies(bill),
    }
    return {**made, "serialNumber": f"urn:uuid:{uuid_of(made)}"}


def _metadata(bill: Bill, origin: Origin) -> Document:
    tool = {"type": "application", "name": TOOL, "version": origin.version}
    metadata: Document = {
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [tool]},
        "component": {"type": "file", "bom-ref": bill.subject, "name": bill.subject},
    }
    return metadata if origin.epoch is None else {**metadata, "timestamp": origin.created}


def _program(program: Program) -> Document:
    return {
        "type": "application",
        "bom-ref": program.name,
        "name": program.name,
        "hashes": [{"alg": "SHA-256", "content": program.file.sha256}],
        "properties": [
            _property(f"build:{name}", value) for name, value in settings_of(program).items()
        ],
    }


def _component(component: Component) -> Document:
    made: Document = {
        "type": _TYPES[component.kind],
        "bom-ref": component.purl,
        "name": component.name,
        "purl": component.purl,
    }
    properties = [_property("replace", text) for text in component.replacements]
    if component.h1:  # no hash of a file, so not among the hashes
        properties.append(_property("h1", component.h1))
    optional: Document = {
        "version": component.version,
        "cpe": component.cpe,
        "licenses": [
            {"license": {"id": licence, "acknowledgement": "declared"}}
            for licence in component.licences
        ],
        "properties": properties,
        "externalReferences": _references(component),
    }
    return made | {name: value for name, value in optional.items() if value}


def _references(component: Component) -> list[Document]:
    if component.archive is None:
        return []
    reference: Document = {"type": "distribution", "url": component.archive.url}
    if component.archive.sha256:
        reference["hashes"] = [{"alg": "SHA-256", "content": component.archive.sha256}]
    return [reference]


def _dependencies(bill: Bill) -> list[Document]:
    """Return what Go records: which program holds which modules, not which module needs which."""
    programs = {program.name: [part.purl for part in program.parts] for program in bill.programs}
    return [
        {"ref": ref, "dependsOn": list(parts)}
        for ref, parts in {bill.subject: bill.top, **programs}.items()
    ]


def _property(name: str, value: str) -> Document:
    return {"name": f"{_PROPERTIES}:{name}", "value": value}
