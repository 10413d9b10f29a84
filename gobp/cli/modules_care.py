"""gobp modules show, check, verify, gc and reindex: what is there, and whether it is right."""

import asyncio
import dataclasses
import json
from typing import TYPE_CHECKING

import click

from gobp.cli.modules_options import (
    Given,
    counted,
    size_text,
    tree_options,
    upstream_option,
)

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    from gobp.modproxy.commands.explain import Step
    from gobp.modproxy.commands.show import Shown


@click.command()
@click.argument("patterns", default="")
@click.option("--versions", is_flag=True, help="Name the versions too.")
@tree_options
def show(patterns: str, *, versions: bool, given: Given) -> None:
    """Show the modules that are there (those that PATTERNS, as in GOPRIVATE, match)."""
    from gobp.golang.patterns import ModulePatterns  # noqa: PLC0415 # with the others
    from gobp.modproxy.commands.show import show as work  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.working import trees_of  # noqa: PLC0415 # an extra

    settings = given.local_settings()
    wanted = ModulePatterns.parse(patterns, source="PATTERNS") if patterns else None
    found = work(trees_of(settings), wanted)
    if given.as_json:
        click.echo(json.dumps([dataclasses.asdict(module) for module in found], indent=2))
        return
    for module in found:
        click.echo(_line(module))
        for version in module.versions if versions else ():
            click.echo(f"            {version}")
    total = size_text(sum(module.size for module in found))
    click.echo(f"{total:>10}  {counted(len(found), 'module')}")


def _line(module: "Shown") -> str:
    tree = "" if module.tree == "public" else f" ({module.tree})"
    return f"{size_text(module.size):>10}  {module.module}{tree}  {len(module.versions)}"


@click.command()
@click.argument("module", metavar="MODULE[@VERSION]")
@upstream_option
@tree_options
def check(module: str, *, upstream: str | None, given: Given) -> None:
    """Explain what becomes of a request for MODULE: rule, sources, credentials, sums.

    Nothing is put into the trees. Credentials are named, not shown.
    """
    from gobp.modproxy.commands.check import check as work  # noqa: PLC0415 # an extra

    steps = asyncio.run(work(given.settings(upstream), module))
    if given.as_json:
        click.echo(json.dumps([{**dataclasses.asdict(s), "ok": s.ok} for s in steps], indent=2))
    else:
        for step in steps:
            _show_step(step)
    if not all(step.ok for step in steps):
        click.get_current_context().exit(1)


def _show_step(step: "Step") -> None:
    found = step.found.replace("\n", "\n    ")
    click.echo(f"{'ok  ' if step.ok else 'FAIL'}  {step.about}: {found}")
    if step.remedy:
        click.echo(f"      To fix it: {step.remedy}")


@click.command()
@click.option("--against-database", is_flag=True, help="Compare with the checksum database too.")
@click.option(
    "--fix", is_flag=True, help="Put damaged files aside, so that they are fetched again."
)
@tree_options
def verify(*, against_database: bool, fix: bool, given: Given) -> None:
    """Verify every file: zips by the rules and by their hashes, the others by what they say.

    Ends with status 1 if damage was found. Files that are put aside are in .gobp/quarantine.
    """
    from gobp.modproxy.commands.verify_all import verify_all  # noqa: PLC0415 # an extra

    settings = given.settings() if against_database else given.local_settings()
    with given.progress() as shown:
        done = verify_all(settings, shown, against_database=against_database, fix=fix)
    summary = (
        f"verified {counted(done.files, 'file')} ({size_text(done.size)}): "
        f"{counted(len(done.problems), 'problem')}, {done.quarantined} put aside"
    )
    facts = {
        "files": done.files,
        "bytes": done.size,
        "pinned": done.pinned,
        "quarantined": done.quarantined,
    }
    given.report(summary, facts, done.problems)


@click.command()
@click.option("--max-bytes", metavar="SIZE", help="Keep the public tree to this size: 50GB.")
@click.option("--unused", metavar="DURATION", help="Remove what was not used for so long: 90d.")
@click.option("--keep", metavar="PATTERNS", multiple=True, help="Modules that stay, besides pins.")
@click.option(
    "--private",
    metavar="PATTERNS",
    help="Private modules that --unused removes too. Name only what its source still has: of what "
    "was published here there is no other copy.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@tree_options
def gc(
    *,
    max_bytes: str | None,
    unused: str | None,
    keep: tuple[str, ...],
    private: str | None,
    dry_run: bool,
    given: Given,
) -> None:
    """Remove what was not used for long. It is fetched again when it is asked for.

    What was used in the last ten minutes stays, and so do the modules of pins in the settings,
    and all that was published.
    """
    from gobp.modproxy.access.audit import note_removed  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.gc_all import Bounds, gc_all  # noqa: PLC0415 # an extra

    settings = given.local_settings()
    bounds = Bounds.parse(settings, max_bytes, unused, keep, private)
    done = gc_all(settings, bounds, dry_run=dry_run)
    if not dry_run:
        note_removed(settings.log, (each.file for each in done.removed))
    verb = "would remove" if dry_run else "removed"
    summary = (
        f"{verb} {counted(len(done.removed), 'file')}, {size_text(done.freed)}; "
        f"{size_text(done.left)} stay"
    )
    facts = {
        "removed": [str(each.file) for each in done.removed],
        "freed_bytes": done.freed,
        "left_bytes": done.left,
    }
    given.report(summary, facts, done.problems)


@click.command()
@tree_options
def reindex(*, given: Given) -> None:
    """Make the index (search, feed, sizes) anew from the trees. What it knows of use stays."""
    from gobp.modproxy.commands.indexing import reindex as work  # noqa: PLC0415 # an extra

    totals = work(given.local_settings())
    summary = (
        f"{counted(totals.modules, 'module')}, {counted(totals.versions, 'version')}, "
        f"{size_text(totals.size)}"
    )
    facts = {"modules": totals.modules, "versions": totals.versions, "bytes": totals.size}
    given.report(summary, facts)
