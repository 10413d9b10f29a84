"""Programs of the last build in a volume: go links only those anew of which something has changed.

go tells by what the program itself says that it was made from, and trusts the rest of the file, so
each is stored under its digest. Source: cmd/go/internal/work, ``Builder.useCache``.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gobp.buildpack.app.layout import Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.mapped import mapped
from gobp.buildpack.go_build.config import BuildConfig
from gobp.buildpack.volume import volume_of
from gobp.golang import modfile
from gobp.golang.elfinfo import is_linked_by_go
from gobp.system.fetch import sha256_of

MOST_PROGRAMS = 64
_FOLDER = "programs"
_OLD = 1.0  # seconds since 1970: go freshens a program that it finds to be right


def put_back(
    context: BuildContext, config: BuildConfig, names: Sequence[str], output: Path
) -> None:
    """Copy what the last build of these programs made into the folder that go builds into."""
    store = _store(context)
    if store is None:
        return
    for name in names:
        for source in store.glob(f"{_key(context, config, name)}.*"):
            with suppress(FileNotFoundError):  # another build has a newer one
                _copy_checked(context, source, output / name)


def drop_untouched(output: Path) -> None:
    """Remove what was put back and go has not looked at, as with the flag ``-n``."""
    for path in output.iterdir():
        if path.stat().st_mtime == _OLD:
            path.unlink()


def keep_programs(
    context: BuildContext, config: BuildConfig, names: Sequence[str], output: Path
) -> None:
    """Keep the programs for the next build. Those that a C linker made depend on more than go sees.

    Without a volume nothing is kept.
    """
    store = _store(context)
    if store is None:
        return
    for name in names:
        if _is_linked_by_go(output / name):
            _store_program(context, store, _key(context, config, name), output / name)
    for entry in sorted(os.scandir(store), key=_last_used, reverse=True)[MOST_PROGRAMS:]:
        Path(entry.path).unlink(missing_ok=True)


def _store(context: BuildContext) -> Path | None:
    volume = volume_of(context.env)
    if volume is None:
        return None
    store = volume / _FOLDER
    store.mkdir(exist_ok=True)
    return store


def _key(context: BuildContext, config: BuildConfig, name: str) -> str:
    """Return what tells a program from others: apps share a volume. Two that share a key lose time.

    They lose nothing else, as go looks at what is in the file.
    """
    layout, module = config.layout, ""
    if layout.mode is Mode.MODULE:
        source = layout.version_files[0]
        module = modfile.parse(context.facts.app.read_text(source), source=source).module
    parts = (module, layout.workdir, context.facts.target.arch, name)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _copy_checked(context: BuildContext, source: Path, target: Path) -> None:
    """Copy a program; one that is not what its name says goes."""
    shutil.copyfile(source, target)
    context.report.count(bytesHashed=target.stat().st_size)
    if sha256_of(target) != source.suffix[1:]:
        target.unlink()
        source.unlink(missing_ok=True)
        return
    target.chmod(0o755)
    os.utime(target, (_OLD, _OLD))


def _store_program(context: BuildContext, store: Path, key: str, program: Path) -> None:
    context.report.count(bytesHashed=program.stat().st_size)
    kept = store / f"{key}.{sha256_of(program)}"
    if kept.exists():
        os.utime(kept)
    else:
        descriptor, new = tempfile.mkstemp(prefix=".new-", dir=store)
        os.close(descriptor)
        shutil.copyfile(program, new)
        Path(new).replace(kept)
    for other in store.glob(f"{key}.*"):
        if other != kept:
            other.unlink(missing_ok=True)


def _is_linked_by_go(program: Path) -> bool:
    with mapped(program) as view:
        return is_linked_by_go(view)


def _last_used(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return 0.0
