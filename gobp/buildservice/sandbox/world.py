"""What a sandboxed command sees of this machine, as arguments of bubblewrap. See bwrap(1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

UID = 1000
HOME = "/home/build"
SCRATCH = "/tmp"  # noqa: S108 # inside the sandbox nobody else has it
SCRATCHES = ("/dev/shm", SCRATCH, HOME)  # noqa: S108 # as above
_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
_OWN_ETC = {
    "passwd": f"root:x:0:0:root:/:/bin/sh\nbuild:x:{UID}:{UID}:build:{HOME}:/bin/sh\n",
    "group": f"root:x:0:\nbuild:x:{UID}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_WALLS = (
    "--unshare-all",
    "--unshare-user",  # as --disable-userns asks for
    "--disable-userns",
    "--die-with-parent",
    "--new-session",  # no terminal to type into
    "--clearenv",
    *("--cap-drop", "ALL"),
    *("--hostname", "build"),
    *("--uid", str(UID)),
    *("--gid", str(UID)),
)
# bwrap is process 1: who writes into its memory would run without resource limits.
_FIRST_PROCESS = (
    *("--perms", "0555", "--size", "4096", "--tmpfs", "/proc/1"),
    *("--remount-ro", "/proc/1"),
)


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine (``source``) and where it is inside."""

    source: str
    target: str
    writable: bool = False


def write_etc(folder: Path) -> None:
    """Write the files of /etc that are the sandbox's own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _OWN_ETC.items():
        (folder / name).write_text(text)


def etc_mounts(folder: Path) -> list[Mount]:
    """Return the mounts of what write_etc wrote."""
    return [Mount(str(folder / name), f"/etc/{name}") for name in _OWN_ETC]


def arguments(mounts: Sequence[Mount], env: Mapping[str, str], cwd: str, scratch: int) -> list[str]:
    """Return bwrap's arguments. ``scratch`` is the size in bytes of /tmp, /dev/shm and the home.

    The root, /dev and all that is not mounted writable is read-only: what was written there would
    be memory that no limit counts.
    """
    taken = {mount.target for mount in mounts}
    return [
        *_WALLS,
        *_system(),
        *("--proc", "/proc", *_FIRST_PROCESS, "--dev", "/dev"),
        *_scratch(SCRATCHES, taken, scratch),
        *("--remount-ro", "/dev"),
        *_mounted(sorted(mounts, key=lambda mount: mount.target)),
        *("--remount-ro", "/", "--chdir", cwd),
        *(word for name in sorted(env) for word in ("--setenv", name, env[name])),
    ]


def _system() -> Iterator[str]:
    """Yield what mounts programs and libraries; /bin and the like are links where they are here."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _TOP:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _scratch(targets: Sequence[str], taken: set[str], size: int) -> Iterator[str]:
    for target in targets:
        if target not in taken:
            yield from ("--perms", "1777", "--size", str(size), "--tmpfs", target)


def _mounted(mounts: Sequence[Mount]) -> Iterator[str]:
    """Yield the mounts, those around others first."""
    for mount in mounts:
        yield from ("--bind" if mount.writable else "--ro-bind", mount.source, mount.target)
