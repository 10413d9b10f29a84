"""gobp modernize: a go.mod for an app from before modules."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from gobp.cli.module_proposal import Go, Proposal, copy_of, propose
from gobp.cli.options import app_argument
from gobp.cnb import toml
from gobp.errors import UserError
from gobp.golang.legacy_lock import (
    GLIDE,
    GODEPS,
    GOPKG,
    LOCK_FILES,
    LegacyLock,
    as_import_path,
    from_glide,
    from_godeps,
    from_gopkg,
    untranslatable,
)
from gobp.golang.module import check_import_path
from gobp.system.files import DirectoryTree, write_atomically
from gobp.system.process import Commands, SystemCommands

_MANIFEST = "Gopkg.toml"


@click.command()
@app_argument
@click.option(
    "--module",
    "-m",
    default="",
    metavar="PATH",
    help="Module path of the app.  [default: what its lock file or git's origin says]",
)
@click.option("--write", is_flag=True, help="Write go.mod and go.sum into APP.")
def modernize(app: Path, module: str, *, write: bool) -> None:
    """Propose go.mod and go.sum for APP, from its Gopkg.lock, glide.lock or Godeps.json.

    The go command finds the modules and checks the proposal in a copy of the app. The files are
    printed in the txtar format; what could not be translated is said on standard error.

    \b
    Examples:
      gobp modernize .
      gobp modernize . --module example.com/team/app --write
    """  # noqa: D301 # click reads the character
    tree = DirectoryTree(app)
    if tree.has("go.mod"):
        raise UserError(
            f"{app} has a go.mod: it is a module already",
            remedy="delete go.mod to have another one proposed.",
        )
    name = _lock_name(tree)
    lock = _read_lock(tree, name)
    commands = SystemCommands()
    path = module or lock.import_path or _origin(commands, app)
    _check_module(path, name)
    with tempfile.TemporaryDirectory(prefix="gobp-") as scratch:
        go = Go(commands, copy_of(app, Path(scratch, "app")), os.environ)
        proposal = propose(go, path, lock)
    click.echo(f"go.mod from {name}, accepted by 'go mod tidy'", err=True)
    for note in (*proposal.notes, *_manifest_notes(tree)):
        click.echo(f"  {note}", err=True)
    if write:
        _write(app, proposal)
    else:
        click.echo(f"-- go.mod --\n{proposal.go_mod}-- go.sum --\n{proposal.go_sum}", nl=False)


def _lock_name(tree: DirectoryTree) -> str:
    for name in LOCK_FILES:
        if tree.has(name):
            return name
    raise UserError(
        f"{tree.root} has no {', '.join(LOCK_FILES[:-1])} or {LOCK_FILES[-1]}",
        remedy="name the folder that has one; without any, 'go mod init' and 'go mod tidy' make a "
        "module with the newest versions of all that the app imports.",
    )


def _read_lock(tree: DirectoryTree, name: str) -> LegacyLock:
    text = tree.read_text(name)
    if name == GOPKG:
        return from_gopkg(toml.loads(text, source=name))
    if name == GODEPS:
        return from_godeps(_mapping(_json(text), GODEPS))
    manifest = tree.read_text("glide.yaml") if tree.has("glide.yaml") else ""
    return from_glide(_yaml(text, GLIDE), _yaml(manifest, "glide.yaml"))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(
            f"{GODEPS} is not valid JSON: {error}", remedy=f"correct {GODEPS} at that place."
        ) from error


def _yaml(text: str, source: str) -> Mapping[str, object]:
    import yaml  # noqa: PLC0415 # only glide's files are YAML

    try:
        # Every scalar stays text: a revision of digits alone is no number.
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 # makes no objects
    except yaml.YAMLError as error:
        raise UserError(
            f"{source} is not valid YAML: {error}", remedy=f"correct {source} at that place."
        ) from error
    return _mapping(document or {}, source)


def _mapping(document: object, source: str) -> Mapping[str, object]:
    if isinstance(document, dict):
        return document
    raise UserError(
        f"{source} holds no table", remedy=f"give the app the {source} that its tool wrote."
    )


def _origin(commands: Commands, app: Path) -> str:
    """Return the import path of the app's folder in its git repository, "" where none says."""
    asked = commands.capture(
        ("git", "config", "--get", "remote.origin.url"), cwd=app, env=os.environ
    )
    root = as_import_path(asked.stdout) if asked.status == 0 else ""
    below = commands.capture(("git", "rev-parse", "--show-prefix"), cwd=app, env=os.environ)
    return f"{root}/{below.stdout.strip()}".rstrip("/") if root else ""


def _check_module(path: str, lock: str) -> None:
    if not path:
        raise UserError(
            f"the module path of the app is not known: neither {lock} nor git's origin names it",
            remedy="name it with --module: the path by which the app's own packages are imported, "
            "such as example.com/team/app.",
        )
    check_import_path(path)


def _manifest_notes(tree: DirectoryTree) -> tuple[str, ...]:
    if not tree.has(_MANIFEST):
        return ()
    return untranslatable(toml.loads(tree.read_text(_MANIFEST), source=_MANIFEST))


def _write(app: Path, proposal: Proposal) -> None:
    write_atomically(app / "go.mod", proposal.go_mod.encode())
    if proposal.go_sum:
        write_atomically(app / "go.sum", proposal.go_sum.encode())
    click.echo(
        "Wrote go.mod and go.sum. Build and test the app; then delete its older lock and manifest "
        "and its vendor folder, or fill that anew with 'go mod vendor'.",
        err=True,
    )
