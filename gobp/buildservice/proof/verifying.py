"""Is a file what a build service built? Answered from its provenance and the service's key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gobp.buildservice.proof.envelope import EnvelopeError, opened

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://slsa.dev/provenance/v1"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is said of files: ``files`` are their names by sha256 in hex.

    ``source`` and ``digest`` are the source and what it is named by, ``modules`` how many were
    fetched.
    """

    files: Mapping[str, str]
    builder: str
    build: str
    source: str
    digest: str
    version: str
    target: str
    go: str
    sandbox: str
    modules: int
    finished: str


def read_provenance(text: str, keys: tuple[bytes, ...]) -> Provenance:
    """Return what an envelope, signed by one of the keys, says.

    Raises EnvelopeError where it is not signed by them, or says something else than provenance.
    """
    payload = opened(text, keys)
    try:
        return _parsed(json.loads(payload))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise EnvelopeError("what is signed is no provenance that this gobp can read") from None


def _parsed(statement: dict[str, Any]) -> Provenance:
    if (statement["_type"], statement["predicateType"]) != (_STATEMENT, _PREDICATE):
        raise ValueError
    definition = statement["predicate"]["buildDefinition"]
    run = statement["predicate"]["runDetails"]
    order, inner = definition["externalParameters"], definition["internalParameters"]
    source, *modules = definition["resolvedDependencies"]
    target = order["target"]
    return Provenance(
        files={str(each["digest"]["sha256"]): str(each["name"]) for each in statement["subject"]},
        builder=str(run["builder"]["id"]),
        build=str(run["metadata"]["invocationId"]),
        source=str(source["uri"]),
        digest=" ".join(f"{name} {value}" for name, value in source["digest"].items()),
        version=str(inner["version"]),
        target="/".join(filter(None, (target["goos"], target["goarch"], target.get("variant")))),
        go=str(inner["go"]),
        sandbox=str(inner["sandbox"]),
        modules=len(modules),
        finished=str(run["metadata"]["finishedOn"]),
    )
