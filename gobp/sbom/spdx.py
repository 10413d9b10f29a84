"""SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/)."""

import hashlib
import re

from gobp.sbom.bill import Bill, Component, Kind, Program, settings_of
from gobp.sbom.origin import TOOL, Origin, uuid_of

Document = dict[str, object]

_DOCUMENT = "SPDXRef-DOCUMENT"
_NAMESPACES = "http://spdx.org/spdxdocs"  # for who has no site of their own (2.3, section 6.5)
_UNKNOWN = "NOASSERTION"
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9.-]+")
_PURPOSES = {Kind.MODULE: "LIBRARY", Kind.STANDARD_LIBRARY: "LIBRARY"}


def document(bill: Bill, origin: Origin) -> Document:
    """Return a bill as an SPDX document, in a namespace that follows from what it holds."""
    made: Document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": bill.subject,
        "creationInfo": {
            "created": origin.created,
            "creators": [f"Tool: {TOOL}-{origin.version}"],
        },
        "packages": [
            *(_program(program) for program in bill.programs),
            *(_component(component) for component in bill.components),
        ],
        "relationships": _relationships(bill),
    }
    return {**made, "documentNamespace": f"{_NAMESPACES}/{bill.subject}-{uuid_of(made)}"}


def _program(program: Program) -> Document:
    said = "\n".join(f"{name}={value}" for name, value in settings_of(program).items())
    return _package(program.name, _id(program.name)) | {
        "packageFileName": program.name,
        "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": program.file.sha256}],
        "sourceInfo": f"what the program says of its build:\n{said}",
    }


def _component(component: Component) -> Document:
    references = [_reference("PACKAGE-MANAGER", "purl", component.purl)]
    if component.cpe:
        references.append(_reference("SECURITY", "cpe23Type", component.cpe))
    if component.h1:  # no checksum of a file, so not among the checksums
        references.append(_reference("OTHER", "go-h1", component.h1))
    made = _package(component.name, _id(component.purl)) | {
        "primaryPackagePurpose": _PURPOSES.get(component.kind, "APPLICATION"),
        "licenseDeclared": " AND ".join(component.licences) or _UNKNOWN,
        "externalRefs": references,
    }
    if component.version:
        made["versionInfo"] = component.version
    if component.replacements:
        replacements = "; ".join(component.replacements)
        made["sourceInfo"] = f"built in place of another module: {replacements}"
    if component.archive is not None:
        made["downloadLocation"] = component.archive.url
        if component.archive.sha256:
            checksum = component.archive.sha256
            made["checksums"] = [{"algorithm": "SHA256", "checksumValue": checksum}]
    return made


def _package(name: str, identifier: str) -> Document:
    return {
        "SPDXID": identifier,
        "name": name,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _reference(category: str, kind: str, locator: str) -> Document:
    return {
        "referenceCategory": category,
        "referenceType": kind,
        "referenceLocator": locator,
    }


def _relationships(bill: Bill) -> list[Document]:
    """Return what Go records: which program holds which modules, not which module needs which."""
    described = [_relationship(_DOCUMENT, "DESCRIBES", _id(name)) for name in bill.top]
    return described + [
        _relationship(_id(program.name), "DEPENDS_ON", _id(part.purl))
        for program in bill.programs
        for part in program.parts
    ]


def _relationship(one: str, kind: str, other: str) -> Document:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _id(name: str) -> str:
    """Return an identifier: what of the name may be in one, and a hash as names may look alike."""
    readable = _NOT_IN_IDS.sub("-", name.removeprefix("pkg:"))
    return f"SPDXRef-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
