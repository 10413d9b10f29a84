"""Which system calls a sandboxed command may not make, as a filter for the kernel.

It is a second wall: most of these fail for want of capabilities or devices anyway. Calls that only
root of the machine could make are left to the kernel.
"""

import errno
import os

import pyseccomp

from gobp.buildservice.sandbox.sandbox import SandboxError

_KEYS = ("add_key", "keyctl", "request_key")
_KERNEL = ("bpf", "kexec_file_load", "kexec_load", "perf_event_open", "swapoff", "swapon")
_IO_URING = ("io_uring_enter", "io_uring_register", "io_uring_setup")
_MOUNTS = (
    *("fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount"),
    *("open_tree", "pivot_root", "umount2", "quotactl"),
)
_NAMESPACES = ("setns", "unshare")
_PROCESSES = (
    *("kcmp", "move_pages", "personality", "pidfd_getfd", "process_vm_readv", "process_vm_writev"),
    *("ptrace", "userfaultfd"),
)
_HANDLES = ("lookup_dcookie", "name_to_handle_at", "open_by_handle_at")
_REFUSED = (*_KEYS, *_KERNEL, *_IO_URING, *_MOUNTS, *_NAMESPACES, *_PROCESSES, *_HANDLES)
# Memory that is in no file and no process: without cgroups nothing would count it.
_UNCOUNTED = ("memfd_create", "memfd_secret", "shmget")
_CLONE_NEW = (
    0x00000080,  # time
    0x00020000,  # mount
    0x02000000,  # cgroup
    0x04000000,  # uts
    0x08000000,  # ipc
    0x10000000,  # user
    0x20000000,  # pid
    0x40000000,  # net
)
_FAMILIES = frozenset({1, 2, 10, 16})  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_LAST_FAMILY = 46
_TIOCSTI = 0x5412
_TIOCLINUX = 0x541C
_LOW = 0xFFFFFFFF


def make_filter() -> bytes:
    """Return the filter as BPF. Raises SandboxError where libseccomp is not to be had."""
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        _refuse(rules)
        handle = os.memfd_create("seccomp")
        with os.fdopen(handle, "w+b") as file:
            rules.export_bpf(file)
            file.seek(0)
            return file.read()
    except (OSError, RuntimeError) as error:
        raise SandboxError(f"no filter of system calls can be made: {error}") from None


def _refuse(rules: pyseccomp.SyscallFilter) -> None:
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in _REFUSED:
        _add(rules, refused, name)
    absent = pyseccomp.ERRNO(errno.ENOSYS)
    # The flags of clone3 are in memory, where no filter can see them: libc then uses clone.
    for name in ("clone3", *_UNCOUNTED):
        _add(rules, absent, name)
    for flag in _CLONE_NEW:
        _add(rules, refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (_TIOCSTI, _TIOCLINUX):
        _add(rules, refused, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _LOW, request))
    _refuse_families(rules)


def _refuse_families(rules: pyseccomp.SyscallFilter) -> None:
    """Refuse sockets such as AF_VSOCK, which leads out whatever the network namespace is."""
    refused = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in sorted(set(range(_LAST_FAMILY + 1)) - _FAMILIES):
        _add(rules, refused, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    _add(rules, refused, "socket", pyseccomp.Arg(0, pyseccomp.GT, _LAST_FAMILY))


def _add(rules: pyseccomp.SyscallFilter, action: int, name: str, *arguments: pyseccomp.Arg) -> None:
    number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
    if number >= 0:  # else this machine, or this libseccomp, knows no such call
        rules.add_rule(action, name, *arguments)
