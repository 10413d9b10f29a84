"""gobp modules adopt, add and sync: what fills the trees."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.cli.modules_options import (
    Given,
    counted,
    names_in,
    size_text,
    tree_options,
    upstream_option,
)

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    from gobp.modproxy.commands.mirror import Mirrored


@click.command()
@click.argument("cache", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--against-database", is_flag=True, help="Ask the checksum database about each module too."
)
@tree_options
def adopt(cache: Path, *, against_database: bool, given: Given) -> None:
    """Take over CACHE: a GOMODCACHE, or its folder cache/download.

    Each file is verified; those that are damaged are left out and named. Files are linked, not
    copied, where both folders are on one file system. The cache stays as it is.

    \b
    Example:
      gobp modules adopt "$(go env GOMODCACHE)"
    """  # noqa: D301 # click reads the character
    from gobp.modproxy.commands.adopt_cache import adopt_cache  # noqa: PLC0415 # an extra

    settings = given.settings()
    with given.progress() as shown:
        done = asyncio.run(adopt_cache(settings, cache, shown, against_database=against_database))
    summary = (
        f"adopted {counted(done.files, 'file')} ({size_text(done.size)}) and "
        f"{counted(done.sums, 'file')} of checksum databases; {done.there} were there"
    )
    facts = {"files": done.files, "bytes": done.size, "there": done.there, "sums": done.sums}
    given.report(summary, facts, done.problems)


@click.command()
@click.argument("modules", nargs=-1, required=True, metavar="MODULE@VERSION...")
@click.option("--with-dependencies", is_flag=True, help="Add all that builds of them need, too.")
@upstream_option
@tree_options
def add(
    modules: tuple[str, ...],
    *,
    with_dependencies: bool,
    upstream: str | None,
    given: Given,
) -> None:
    """Fetch versions of modules: exact ones, latest, v1, v1.2, a branch or a revision.

    \b
    Examples:
      gobp modules add golang.org/x/text@v0.3.7
      gobp modules add --with-dependencies golang.org/x/tools/gopls@latest
    """  # noqa: D301 # click reads the character
    from gobp.modproxy.commands.add import add as work  # noqa: PLC0415 # an extra

    settings = given.settings(upstream)
    with given.progress() as shown:
        done, meant = asyncio.run(
            work(settings, modules, shown, with_dependencies=with_dependencies)
        )
    names = [str(module) for module in meant]
    summary = "\n".join([*names, _summary(done)])
    given.report(summary, {"modules": names, **_facts(done)}, done.problems)


@click.command()
@click.argument(
    "apps",
    nargs=-1,
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="APP...",
)
@click.option(
    "--toolchain",
    default="",
    metavar="PLATFORMS",
    help="Also the Go toolchain that go.mod asks for, for platforms as linux/amd64,darwin/arm64.",
)
@upstream_option
@tree_options
def sync(
    apps: tuple[Path, ...],
    *,
    toolchain: str,
    upstream: str | None,
    given: Given,
) -> None:
    """Fetch all that builds of each APP need, by its go.sum (and go.work.sum).

    What is there is not fetched again. Each file must have the hash that go.sum has. What the
    checksum database says of each is kept too, so that all can be verified without a network.

    \b
    Examples:
      gobp modules sync . --toolchain linux/amd64
      GOPROXY=file:///srv/modules/public go build ./...
    """  # noqa: D301 # click reads the character
    from gobp.modproxy.commands.sync import sync as work  # noqa: PLC0415 # an extra

    settings = given.settings(upstream)
    with given.progress() as shown:
        done = asyncio.run(work(settings, apps, names_in(toolchain), shown))
    given.report(_summary(done), _facts(done), done.problems)


def _summary(done: "Mirrored") -> str:
    return (
        f"fetched {counted(done.fetched, 'file')} ({size_text(done.size)}); {done.there} were "
        f"there; {counted(done.lookups, 'version')} can be verified offline"
    )


def _facts(done: "Mirrored") -> Mapping[str, object]:
    return {
        "fetched": done.fetched,
        "bytes": done.size,
        "there": done.there,
        "verifiable_offline": done.lookups,
    }
