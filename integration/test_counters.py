"""What builds cost, in the counters of their reports: a process or a file more is seen here.

One app is built again and again by bin/build with the real go: at first, with nothing changed,
with an edit, and with a module more. The modules come from a folder.
"""

import json
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gobp.cnb import toml
from integration.by_hand import MODULE, Workbench
from integration.test_bad_input import put_module

LIB, MORE = "example.com/lib", "example.com/more"
MAIN = 'package main\n\nimport "example.com/lib"\n\nfunc main() { println(lib.Hello) }\n'
WITH_MORE = MAIN.replace('import "example.com/lib"', f'import (\n\t"{LIB}"\n\t_ "{MORE}"\n)')


@dataclass
class Story:
    """An app that is built again and again, and what the lifecycle keeps in between."""

    bench: Workbench
    files: dict[str, str] = field(default_factory=dict)

    def build(self, **files: str) -> tuple[list[str], dict[str, int]]:
        """Build with these files changed; return the commands that ran, and the counters."""
        self.files |= {name.replace("_", "."): text for name, text in files.items()}
        done = self.bench.build(self.files)
        assert done.status == 0, done.output
        report: Any = json.loads((self.bench.layers / "build-report.json").read_text())
        self._restore()
        commands = [" ".join(row["command"].split()[:3]) for row in report["commands"]]
        assert report["counters"]["commands"] == len(commands)
        return commands, report["counters"]

    def _restore(self) -> None:
        """Leave what the lifecycle restores: caches, and what the last image says of its layers."""
        layers, aside = self.bench.layers, self.bench.root / "aside"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for path in (layers / "targets.toml", *layers.glob("targets.sbom.*")):
            shutil.copy(path, aside)
        self.bench.restore()
        shutil.copytree(aside, layers, dirs_exist_ok=True)
        document = tomllib.loads((layers / "targets.toml").read_text())
        (layers / "targets.toml").write_text(toml.dumps({"metadata": document["metadata"]}))


def published(proxy: Path, module: str) -> str:
    """Publish version v1.0.0 of a module of one constant; return its lines for go.sum."""
    name = module.rpartition("/")[2]
    source = f'package {name}\n\nconst Hello = "hello from {name}"\n'
    go_mod = f"module {module}\n\ngo 1.21\n"
    return put_module(proxy, module, "v1.0.0", {"go.mod": go_mod, f"{name}.go": source})


def requiring(*modules: str) -> str:
    lines = "".join(f"require {module} v1.0.0\n" for module in modules)
    return f"{MODULE}\n{lines}"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    proxy = tmp_path / "proxy"
    sums = published(proxy, LIB)
    env = {
        "CGO_ENABLED": "0",
        "GOPROXY": f"file://{proxy}",
        "BP_GO_SKIP": "ca-certificates-helper",  # packaged, it is compiled already
    }
    files = {"go.mod": requiring(LIB), "go.sum": sums, "main.go": MAIN}
    return Story(Workbench(tmp_path, env), files)


def test_each_build_costs_what_it_must_and_no_more(story: Story) -> None:
    commands, first = story.build()
    assert commands == ["go mod vendor", "go build -o"]
    assert (first["goCommands"], first["modulesFetched"]) == (2, 1)
    assert first["filesUnpacked"] == 0
    assert first["filesPacked"] > 100  # the compile cache with the standard library

    commands, same = story.build()
    assert commands == []
    assert 0 < same["bytesHashed"] < first["bytesHashed"]
    assert {name: count for name, count in same.items() if count} == {
        "bytesHashed": same["bytesHashed"]
    }

    commands, edit = story.build(main_go=MAIN.replace("println", "print"))
    assert commands == ["go build -o"]
    assert edit["modulesFetched"] == 0
    assert edit["filesUnpacked"] == first["filesPacked"]
    assert 0 < edit["filesPacked"] < 10
    assert edit["bytesPacked"] * 20 < first["bytesPacked"]

    more = story.files["go.sum"] + published(story.bench.root / "proxy", MORE)
    commands, added = story.build(go_mod=requiring(LIB, MORE), go_sum=more, main_go=WITH_MORE)
    assert commands == ["go mod vendor", "go build -o"]
    assert added["modulesFetched"] == 1
    assert added["bytesPacked"] * 10 < first["bytesPacked"]
