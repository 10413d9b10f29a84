"""gobp inspect: what an image holds."""

import dataclasses
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from gobp.oci.image import Image, Platform
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from gobp.platform.run_image import local_image
from gobp.system.machine import machine_architecture

_BUILD_LABEL = "io.buildpacks.build.metadata"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a user asks of an image; sizes in bytes as stored."""

    digest: str
    platform: str
    created: str
    user: str
    working_dir: str
    entrypoint: tuple[str, ...]
    environment: tuple[str, ...]
    processes: tuple[str, ...]
    buildpacks: tuple[str, ...]
    labels: dict[str, str]
    layers: tuple[tuple[str, int], ...]


@click.command()
@click.argument("image")
@click.option(
    "--platform", default="", metavar="linux/ARCH", help="Which one, if there are several."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(image: str, *, platform: str, as_json: bool) -> None:
    """Show what IMAGE holds: an OCI layout folder, an archive, or a reference in a registry.

    \b
    Example:
      gobp inspect web.oci
    """  # noqa: D301 # click reads the character
    found = inspection(_read(image, platform))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), indent=2, sort_keys=True))
    else:
        click.echo("\n".join(_lines(found)))


def _read(name: str, wanted: str) -> Image:
    os_name, _, architecture = wanted.partition("/")
    local = local_image(name, Platform(os_name, architecture) if wanted else None)
    if local is not None:
        return local
    platform = Platform(os_name or "linux", architecture or machine_architecture())
    return Registries(os.environ).pull(Reference.parse(name), platform)


def inspection(image: Image) -> Inspection:
    """Return what an image's manifest, config and labels say."""
    config = image.config
    labels = dict(config.config.labels)
    built = json.loads(labels.get(_BUILD_LABEL, "{}"))
    return Inspection(
        digest=image.source_digest,
        platform=f"{config.os}/{config.architecture}",
        created=config.created,
        user=config.config.user,
        working_dir=config.config.working_dir,
        entrypoint=tuple(config.config.entrypoint),
        environment=tuple(config.config.env),
        processes=tuple(_process(each) for each in built.get("processes") or ()),
        buildpacks=tuple(f"{b['id']}@{b['version']}" for b in built.get("buildpacks") or ()),
        labels=labels,
        layers=tuple((layer.diff_id, layer.descriptor.size) for layer in image.layers),
    )


def _process(process: dict[str, Any]) -> str:
    command = process["command"]
    words = command if isinstance(command, list) else [command]  # text before Platform API 0.10
    return f"{process['type']}: {' '.join([*words, *(process.get('args') or [])])}"


def _lines(found: Inspection) -> Iterable[str]:
    yield f"digest       {found.digest}"
    yield f"platform     {found.platform}"
    yield f"created      {found.created}"
    yield f"user         {found.user}"
    yield f"working dir  {found.working_dir}"
    yield f"entrypoint   {' '.join(found.entrypoint)}"
    yield from _section("environment", found.environment)
    yield from _section("processes", found.processes)
    yield from _section("buildpacks", found.buildpacks)
    shown = (f"{k}={v}" for k, v in found.labels.items() if not k.startswith("io.buildpacks."))
    yield from _section("labels", shown)
    yield from _section("layers", (f"{diff} {size:>12,} bytes" for diff, size in found.layers))


def _section(title: str, rows: Iterable[str]) -> Iterable[str]:
    lines = [f"  {row}" for row in rows]
    if lines:
        yield from (title, *lines)
