"""gobp modules export and import: modules over an air gap."""

import time
from pathlib import Path

import click

from gobp.cli.modules_options import (
    Given,
    counted,
    names_in,
    size_text,
    tree_options,
)

_archive = click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_archive
@click.option(
    "--modules", "patterns", default="", metavar="PATTERNS", help="As GOPRIVATE is written."
)
@click.option(
    "--app",
    "apps",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="What this app's go.sum has; more than once for several.",
)
@click.option("--toolchain", default="", metavar="PLATFORMS", help="With --app: as for sync.")
@click.option("--since", default="", metavar="TIME", help="What came since: 7d, or 2026-01-31.")
@click.option("--private", is_flag=True, help="Private modules too.")
@tree_options
def export(  # noqa: PLR0913 # its options
    archive: Path,
    *,
    patterns: str,
    apps: tuple[Path, ...],
    toolchain: str,
    since: str,
    private: bool,
    given: Given,
) -> None:
    """Write modules to ARCHIVE, a .tar or .tar.gz, for `gobp modules import` elsewhere.

    Without options it is all public modules. The same modules give the same archive.

    \b
    Examples:
      gobp modules export monday.tar --since 7d
      gobp modules export app.tar --app . --toolchain linux/amd64
    """  # noqa: D301 # click reads the character
    from gobp.modproxy.commands.choices import choice_of, missing_of  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.export import export as work  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.working import trees_of, zip_hash_of  # noqa: PLC0415 # an extra

    settings = given.local_settings()
    trees, platforms = trees_of(settings), names_in(toolchain)
    choice = choice_of(patterns, apps, platforms, since, time.time())
    with given.progress() as shown:
        zip_hash = zip_hash_of(settings)
        done = work(trees, choice, archive, private=private, zip_hash=zip_hash, progress=shown)
    summary = (
        f"{archive}: {counted(done.files, 'file')} of {counted(done.modules, 'module')}, "
        f"{size_text(done.size)}"
    )
    facts = {"files": done.files, "modules": done.modules, "bytes": done.size}
    given.report(summary, facts, missing_of(trees, apps, platforms))


@click.command("import")
@_archive
@click.option("--private", is_flag=True, help="Take private modules too.")
@tree_options
def import_modules(archive: Path, *, private: bool, given: Given) -> None:
    """Take modules from ARCHIVE, which `gobp modules export` has written.

    Each file is verified before it is published; what is here stays, and where the archive has
    another version of it that is said. A command that was stopped can be run again.
    """
    from gobp.modproxy.commands.import_archive import import_archive  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.indexing import tell_published  # noqa: PLC0415 # an extra
    from gobp.modproxy.commands.working import trees_of, zip_hash_of  # noqa: PLC0415 # an extra

    settings = given.local_settings()
    trees = trees_of(settings)
    with given.progress() as shown:
        done = import_archive(trees, archive, zip_hash_of(settings), shown, private=private)
    untold = tell_published(settings, done.published)
    summary = (
        f"imported {counted(done.files, 'file')} ({size_text(done.size)}); {done.there} were there"
    )
    facts = {"files": done.files, "bytes": done.size, "there": done.there}
    given.report(summary, facts, (*done.problems, *untold))
