"""SLSA provenance v1 in an in-toto statement v1: what was built, of what, by whom.

Sources: https://slsa.dev/spec/v1.0/provenance, https://in-toto.io/Statement/v1 and
https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from gobp.buildservice.builds.build import Build
from gobp.buildservice.sources.tree import SourceTree
from gobp.sbom import purl

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:gobp:build:v1"  # docs/buildservice.md describes its parameters

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that is vouched for; sha256 in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a build was done: by which builder, in what; times are seconds of the epoch."""

    builder: str
    gobp: str
    go: str
    sandbox: str
    started: float
    finished: float


def statement(
    subjects: Iterable[Subject],
    build: Build,
    tree: SourceTree,
    modules: Mapping[str, str],
    run: Run,
) -> Document:
    """Return the statement; ``modules`` are ``path@version`` with their hash ``h1:...``, or ""."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": each.name, "digest": {"sha256": each.sha256}} for each in subjects],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": msgspec.to_builtins(build.order),
                "internalParameters": {
                    "go": run.go,
                    "sandbox": run.sandbox,
                    "version": build.pin.version,
                },
                "resolvedDependencies": [
                    {"uri": tree.uri, "digest": {tree.digest_name: tree.digest}},
                    *(_module(name, modules[name]) for name in sorted(modules)),
                ],
            },
            "runDetails": {
                "builder": {"id": run.builder, "version": {"gobp": run.gobp}},
                "metadata": {
                    "invocationId": build.id,
                    "startedOn": _time(run.started),
                    "finishedOn": _time(run.finished),
                },
            },
        },
    }


def _module(name: str, h1: str) -> Document:
    path, _, version = name.partition("@")
    described: Document = {"uri": purl.golang(path, version)}
    if h1:
        described["digest"] = {"dirHash": b64decode(h1.removeprefix("h1:")).hex()}
    return described


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
