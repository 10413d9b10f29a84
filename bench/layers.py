"""What a build leaves for the lifecycle to carry, and what bin/build itself needs.

The lifecycle unpacks every cached layer before a build, and packs and hashes it after, changed or
not: bytes and files in cached layers are a floor under the time of each build.
"""

import json
import statistics
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import apps
from bench.pack_sides import GOBP, PAKETO, PEERS, offline, paketo
from bench.phases import BARE_PATH, Built, Phases
from bench.report import Value, absent_lab, packaged, record, recorded, table
from integration.creator import Creator, missing
from integration.docker import output_of
from integration.lab import go_proxy

ROUNDS = 3
EDITS = 20
_APP = apps.APPS["age"]
_TOTAL = "all"
_CACHE_INDEX = "io.buildpacks.lifecycle.cache.metadata"


def run(rounds: int) -> None:
    """Build age by bin/build alone, then by the lifecycle with twenty edits. Raises Absent."""
    packaged()
    with absent_lab():
        proxy = go_proxy()
    version = output_of(["go", "env", "GOVERSION"]).strip().removeprefix("go")
    env = {
        "BP_GO_TARGETS": ":".join(_APP.targets),
        "BP_GO_VERSION": version,
        "GOPROXY": proxy,
    }
    buildpack = offline(version)
    for number in range(rounds):
        if not recorded("layers", test="process", case="no change", round=number):
            _measure_process(buildpack, env, number)
    _measure_edits(GOBP, [buildpack], env)
    if (PEERS / "go-dist").is_dir():
        _measure_edits(PAKETO, list(paketo(version)), env)
    _print()


def _measure_process(buildpack: Path, env: dict[str, str], number: int) -> None:
    """Build from nothing and again, twice: imports are looked at apart, as that costs time."""
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
        phases = Phases(Path(name), buildpack, env)
        copy = apps.Copy(_APP, Path(name) / "app")
        for case in ("cold", "no change"):
            copy.reset()
            built = phases.build(copy.folder, spent=True)
            phases.restore()
            record(**_process_row(case, number, built))
        copy.reset()
        imported = phases.build(copy.folder, imports=True).imports
        record(
            bench="layers",
            test="imports",
            case="no change",
            round=number,
            modules=len(imported),
            of_gobp=sum(module.partition(".")[0] == "gobp" for module in imported),
            import_ms=round(sum(imported.values()) / 1000, 1),
        )


def _process_row(case: str, number: int, built: Built) -> dict[str, Value]:
    own = {kind: spent for kind, spent in built.spent.items() if kind.startswith("own")}
    return {
        "bench": "layers",
        "test": "process",
        "case": case,
        "round": number,
        "seconds": round(built.seconds, 2),
        "peak_mb": round(built.peak, 1),
        "own_s": round(sum(own.values()), 3),
        "commands_s": round(built.spent.get("commands", 0), 3),
        "download_s": round(built.spent.get("download", 0), 3),
        "archives_s": round(built.spent.get("archives", 0), 3),
        **{kind: round(spent, 3) for kind, spent in sorted(own.items())},
    }


def _measure_edits(side: str, buildpacks: list[Path], env: dict[str, str]) -> None:
    """Build by the real lifecycle, edit after edit, and weigh the cache after each."""
    if recorded("layers", test="cache", side=side, edit=EDITS):
        return
    if reason := missing():
        print(f"SKIPPED cache of {side}: {reason}", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="gobp-bench-", dir="/var/tmp") as name:
        creator = Creator(Path(name) / "creator", buildpacks, env, path=BARE_PATH)
        copy = apps.Copy(_APP, Path(name) / "app")
        copy.reset()
        for edit in range(EDITS + 1):
            if edit:
                copy.edit(edit)
            done = creator.attempt(copy.folder)
            if done.returncode:
                raise RuntimeError(f"{side}:\n{done.stdout[-4000:]}")
            for row in _cached(creator.root / "cache/committed"):
                record(bench="layers", test="cache", side=side, edit=edit, **row)


def _cached(committed: Path) -> Iterator[dict[str, Value]]:
    """Yield files and bytes of each layer in a lifecycle's cache, and of all of them."""
    index = json.loads((committed / _CACHE_INDEX).read_text())
    rows: list[dict[str, Value]] = []
    for buildpack in index["buildpacks"]:
        for layer, about in sorted(buildpack["layers"].items()):
            archive = committed / f"{about['sha']}.tar"
            with tarfile.open(archive) as tar:
                files = sum(not member.isdir() for member in tar)
            name = f"{buildpack['key']}:{layer}"
            rows.append({"layer": name, "files": files, "bytes": archive.stat().st_size})
    yield from rows
    total = {key: sum(int(row[key]) for row in rows) for key in ("files", "bytes")}
    yield {"layer": _TOTAL, **total}


def _print() -> None:
    table(list(_process_rows()))
    edits = recorded("layers", test="cache")
    keys = ("side", "edit", "layer", "files", "bytes")
    table([{key: line[key] for key in keys} for line in edits if line["edit"] in {0, 1, EDITS}])


def _process_rows() -> Iterator[dict[str, Value]]:
    """Yield the medians of bin/build's own figures."""
    for case in ("cold", "no change"):
        lines = recorded("layers", test="process", case=case)
        names = ("seconds", "own_s", "commands_s", "download_s", "archives_s", "peak_mb")
        if lines:
            medians = {
                name: statistics.median(float(line[name]) for line in lines) for name in names
            }
            yield {"case": case, "runs": len(lines), **medians}
