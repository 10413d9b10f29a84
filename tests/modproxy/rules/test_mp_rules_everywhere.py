"""What rules do not let through comes out nowhere: not by any path of the protocol."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.modproxy.fetching.changing import ChangingAnswers
from gobp.modproxy.fetching.checks import NoNotary
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.fetching.remembered import Memory, Misses
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.protocol.requests import Kind, ModuleFile, parse_request
from gobp.modproxy.settings.schema import Fresh
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import read_zip_hash
from tests.modproxy.rules.upstreams import Upstreams, router_of

pytestmark = pytest.mark.slow

MODULE = "m.example/lib"
TAGGED = ("v0.1.0", "v1.0.0", "v1.1.0", "v1.2.0-rc.1", "v1.2.0")
PSEUDO = "v1.2.1-0.20260102030405-abcdefabcdef"
VERSIONS = (*TAGGED, PSEUDO)
RANGES = {  # as a rule has them, and which versions they then are for
    "": VERSIONS,
    "< v1": ("v0.1.0",),
    "v1.1.x": ("v1.1.0",),
    ">= v1.2": ("v1.2.0-rc.1", "v1.2.0", PSEUDO),
    ">= v1.2.0": ("v1.2.0", PSEUDO),
    "!= v1.0.0": tuple(version for version in VERSIONS if version != "v1.0.0"),
    "> v1.2.0": (PSEUDO,),
}
STATUS = {"deny": 403, "hide": 404, "redirect": 302}


@dataclass(frozen=True)
class Case:
    rules: tuple[dict[str, Any], ...]
    stored: tuple[str, ...]

    def action(self, version: str) -> str:
        """Return what the first rule that is for a version does with it."""
        for rule in self.rules:
            if rule["modules"] != "other.example" and version in RANGES[rule["versions"]]:
                return str(rule["action"])
        return "allow"


def rule_of(modules: str, versions: str, action: str) -> dict[str, Any]:
    redirect = {"redirect": "https://elsewhere.example"} if action == "redirect" else {}
    return {"modules": modules, "versions": versions, "action": action, **redirect}


RULES = st.builds(
    rule_of,
    st.sampled_from(["m.example/*", "m.example", "*", "other.example"]),
    st.sampled_from(list(RANGES)),
    st.sampled_from(["allow", *STATUS]),
)
CASES = st.builds(
    Case,
    st.lists(RULES, min_size=1, max_size=4).map(tuple),
    st.lists(st.sampled_from(VERSIONS), unique=True).map(tuple),
)


class _Database:
    async def read(self, database: str, file: str) -> bytes:
        raise UnavailableError(f"{database} {file}: whoever comes here was let through")


def make_service(root: Path, case: Case, upstreams: Upstreams) -> ModuleService:
    """Return a service with the rules of a case, that has fetched some versions before."""
    trees = Trees.below(root, durable=False)
    trees.prepare()
    for version in case.stored:
        info = json.dumps({"Version": version}).encode()
        trees.public.publish_small(ModuleFile(MODULE, version, Kind.INFO), info)
        trees.public.publish_small(ModuleFile(MODULE, version, Kind.MOD), b"module m.example/lib\n")
    misses = Misses()
    files = FileFetcher(
        jobs=Jobs(running=4, waiting=4),
        flights=FileFlights(trees.public.locks),
        notary=NoNotary(),
        zip_hash=read_zip_hash,
    )
    return ModuleService(
        router=router_of(root, *case.rules, sources=upstreams),
        files=files,
        changing=ChangingAnswers(
            jobs=Jobs(running=4, waiting=4),
            memory=Memory(),
            misses=misses,
            files=files,
            fresh=Fresh(),
            timeout=10,
        ),
        misses=misses,
        databases=DatabaseFiles(trees.public, _Database(), frozenset({"sum.example"})),
        fresh=Fresh(),
        request_timeout=10,
    )


async def asked(service: ModuleService, path: str) -> tuple[int, bytes]:
    answer: Answer = await service.answer(parse_request(path))
    body = answer.body
    assert isinstance(body, bytes | Path)
    return answer.status, body if isinstance(body, bytes) else body.read_bytes()


async def versions_shown(service: ModuleService) -> set[str]:
    """Return the versions that come up where none is named."""
    shown = set()
    status, body = await asked(service, f"{MODULE}/@v/list")
    if status == 200:
        shown |= set(body.decode().split())
    for path in (f"{MODULE}/@latest", f"{MODULE}/@v/main.info"):
        status, body = await asked(service, path)
        if status == 200:
            shown.add(json.loads(body)["Version"])
    return shown


async def check(case: Case, root: Path) -> None:
    upstreams = Upstreams(tagged=TAGGED, branches={"main": PSEUDO})
    service = make_service(root, case, upstreams)
    allowed = {version for version in VERSIONS if case.action(version) == "allow"}
    for version in VERSIONS:
        expected = STATUS.get(case.action(version), 200)
        kinds: Sequence[str] = ("info", "mod") if version in allowed else ("info", "mod", "zip")
        for kind in kinds:
            status, _ = await asked(service, f"{MODULE}/@v/{version}.{kind}")
            assert status == expected, (version, kind)
        status, _ = await asked(service, f"sumdb/sum.example/lookup/{MODULE}@{version}")
        assert (status == expected) is (expected in {403, 404}), version
    assert await versions_shown(service) <= allowed
    asked_for = {line for upstream in upstreams.made.values() for line in upstream.asked}
    fetched = {line.partition("@")[2].partition(" ")[0] for line in asked_for}
    assert fetched <= allowed | {"", "main"}


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_what_is_not_let_through_comes_out_nowhere(case: Case) -> None:
    with tempfile.TemporaryDirectory() as root:
        asyncio.run(check(case, Path(root)))


def test_without_a_rule_in_its_way_everything_comes_out() -> None:
    case = Case((rule_of("other.example", "", "deny"),), ("v1.0.0",))
    with tempfile.TemporaryDirectory() as root:
        service_versions: set[str] = set()

        async def story() -> None:
            upstreams = Upstreams(tagged=TAGGED, branches={"main": PSEUDO})
            service_versions.update(await versions_shown(make_service(Path(root), case, upstreams)))

        asyncio.run(story())
    assert service_versions == set(VERSIONS)
