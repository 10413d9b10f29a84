"""gobp explain: what would be built, and why."""

import dataclasses
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.installed import installed_go
from gobp.buildpack.go_build.processes import table as process_table
from gobp.buildpack.go_dist.candidates import table
from gobp.buildpack.go_dist.catalog import default_version, releases
from gobp.buildpack.reporting.explain import Explanation
from gobp.buildpack.reporting.explain import explain as explain_app
from gobp.cli.options import app_argument, env_options, read_env
from gobp.cli.own_buildpack import own_buildpack
from gobp.cnb.phases import Target
from gobp.system.files import DirectoryTree
from gobp.system.machine import machine_architecture
from gobp.system.process import SystemCommands


@click.command()
@app_argument
@env_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(app: Path, env: tuple[str, ...], env_file: Path | None, *, as_json: bool) -> None:
    """Say what a build of APP would do and why; nothing is run, fetched or written.

    \b
    Example:
      gobp explain . --env BP_GO_TARGETS=./cmd/web
    """  # noqa: D301 # click reads the character
    explanation = _explanation(app, read_env(env, env_file))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(explanation), indent=2))
    else:
        click.echo("\n".join(_lines(explanation)))


def _explanation(app: Path, env: Mapping[str, str]) -> Explanation:
    architecture = machine_architecture()
    facts = DetectContext(
        app=DirectoryTree(app),
        env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), **env},
        platform_env=env,
        target=Target("linux", architecture),
    )
    document = tomllib.loads((own_buildpack() / "buildpack.toml").read_text(encoding="utf-8"))
    metadata = document["metadata"]
    at_hand = installed_go(SystemCommands(), facts.env)
    return explain_app(
        facts,
        releases(metadata, architecture),
        default_version(metadata),
        at_hand.version if at_hand else None,
    )


def _lines(found: Explanation) -> Iterable[str]:
    if not found.detected:
        yield f"Not a Go app: {found.reason}"
        return
    yield "Go version"
    yield from (f"  {line}" for line in table(found.candidates))
    yield f"  chosen: {found.go_version or '(unknown)'} ({found.go_from})"
    yield f"Modules\n  {found.mode} mode: {found.vendor}"
    yield f"Build ({found.targets_because})\n  go build {' '.join((*found.flags, *found.targets))}"
    yield "Processes"
    yield from (f"  {line}" for line in process_table(found.processes))
    yield from _section("Labels", (f"{key}={value}" for key, value in found.labels))
    yield from _section("Launch environment", found.launch_environment)
    yield f"Components\n  taking part: {', '.join(found.components)}"
    yield from (f"  left out: {name}: {reason}" for name, reason in found.left_out)
    yield from _section("Variables read", found.variables_read)
    yield from _section("Variables that gobp does not know", found.variables_unknown)


def _section(title: str, lines: Iterable[str]) -> Iterable[str]:
    rows = [f"  {line}" for line in lines]
    if rows:
        yield from (title, *rows)
