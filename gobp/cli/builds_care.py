"""gobp builds gc, backup and restore: what a build service keeps, kept well."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.cli.modules_options import counted, size_text
from gobp.errors import UserError

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    from gobp.buildservice.care.backup import Copied
    from gobp.buildservice.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """The options that say which service it is about."""

    config: Path | None
    root: str | None

    def settings(self, **flags: object) -> "Settings":
        """Return its settings, with those of flags. Raises UserError."""
        from gobp.buildservice.settings.load import load_settings  # noqa: PLC0415 # an extra

        given = {"root": self.root, **{f"keep.{name}": value for name, value in flags.items()}}
        chosen = {path: value for path, value in given.items() if value is not None}
        return load_settings(self.config, os.environ, chosen)


def service_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --config and --root; the command gets them as ``service``."""

    @functools.wraps(command)
    def with_service(*, config: Path | None, root: str | None, **others: object) -> None:
        from gobp.buildservice.state.database import DatabaseError  # noqa: PLC0415 # an extra
        from gobp.buildservice.storage.store import StorageError  # noqa: PLC0415 # an extra

        try:
            command(service=Service(config, root), **others)
        except (DatabaseError, StorageError) as error:
            raise UserError(
                str(error), remedy="see that the database and the storage work, and do it again."
            ) from error

    file = click.Path(dir_okay=False, path_type=Path)
    about = "YAML file of settings, as for gobp serve builds."
    config = click.option("--config", "-c", type=file, help=about)
    root = click.option("--root", help="Folder of the service.  [default: that of the server]")
    return config(root(with_service))


@click.command()
@click.option("--age", metavar="DURATION", help="Remove builds that ended longer ago: 90d.")
@click.option("--failed", metavar="DURATION", help="Remove builds without artifacts after it: 7d.")
@click.option("--max-bytes", metavar="SIZE", help="Keep artifacts to this size: 50GB.")
@click.option(
    "--last", type=click.IntRange(0), help="Successes of each program and target that stay."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@service_options
def gc(
    *,
    age: str | None,
    failed: str | None,
    max_bytes: str | None,
    last: int | None,
    dry_run: bool,
    service: Service,
) -> None:
    """Remove builds that are kept no longer, with their logs and artifacts.

    What is kept for how long is in the settings, in the section keep, unless it is said here. The
    service does this by itself now and then. Pinned builds stay, and so do, for now, files that
    were stored in the last hour.
    """
    from gobp.buildservice.care.opening import open_retention  # noqa: PLC0415 # an extra

    settings = service.settings(age=age, failed=failed, bytes=max_bytes, last=last)
    retention = open_retention(settings, os.environ)
    if dry_run:
        for build in retention.chosen():
            click.echo(f"would remove {build.id}  {build.program}")
        return
    done = retention.run_once()
    click.echo(
        f"removed {counted(done.builds, 'build')}, {counted(done.blobs, 'file')}"
        f" of {size_text(done.size)} that no build has any more"
    )


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--no-artifacts", is_flag=True, help="Leave the storage out, where it is backed up by itself."
)
@service_options
def backup(file: Path, *, no_artifacts: bool, service: Service) -> None:
    """Write all that the service keeps to FILE, a tar; it goes on meanwhile.

    The key that signs provenance is in it too: keep FILE secret. With PostgreSQL, run pg_dump
    before: the database is not in FILE then.
    """
    from gobp.buildservice.care.backup import back_up  # noqa: PLC0415 # an extra
    from gobp.buildservice.care.opening import place_to_back_up  # noqa: PLC0415 # an extra

    settings = service.settings()
    place = place_to_back_up(settings, os.environ, artifacts=not no_artifacts)
    _report(back_up(place, file.absolute()), f"to {file}")
    if settings.queue.postgresql:
        click.echo("the database is not in it: it is in PostgreSQL, for pg_dump", err=True)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@service_options
def restore(file: Path, *, service: Service) -> None:
    """Restore what gobp builds backup wrote to FILE, into an empty root.

    The service must not run. Every artifact is compared with its digest. Ends with status 1 if
    something could not be restored.
    """
    from gobp.buildservice.care.opening import place_to_restore  # noqa: PLC0415 # an extra
    from gobp.buildservice.care.restoring import restore as work  # noqa: PLC0415 # an extra

    place = place_to_restore(service.settings(), os.environ)
    _report(work(place, file.absolute()), f"from {file}")


def _report(copied: "Copied", where: str) -> None:
    """Say what was copied; where there are problems, say them and end with status 1."""
    click.echo(
        f"copied {counted(copied.builds, 'build')} with {counted(copied.blobs, 'artifact')},"
        f" {size_text(copied.size)}, {where}"
    )
    for problem in copied.problems:
        click.echo(f"  {problem}", err=True)
    if copied.problems:
        click.get_current_context().exit(1)
