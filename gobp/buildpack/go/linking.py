"""How programs are linked: as PIE for a run image with glibc, or statically for one without.

A PIE names a dynamic loader even where it needs no library, so on an image without one it does not
start: the kernel says "no such file or directory" of the program itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.buildpack.switches import LIVE_RELOAD, is_on
from gobp.cnb.phases import Target

_VARIABLE = "BP_GO_STATIC"
_STATIC_SUFFIX = "static"  # Paketo's stacks io.buildpacks.stacks.jammy.static, noble.static
_WITHOUT_GLIBC = frozenset({"alpine"})


@dataclass(frozen=True, slots=True)
class Linking:
    """Whether to link statically, and why; ``cgo`` is CGO_ENABLED, "" for go's own default."""

    static: bool
    because: str
    cgo: str

    @property
    def buildmode(self) -> str:
        """The default of ``-buildmode``."""
        return "exe" if self.static else "pie"

    @property
    def ldflags(self) -> str:
        """What the linker must be told: with cgo it is the C linker that makes a static program."""
        return "-linkmode external -extldflags -static" if self.static and self.cgo == "1" else ""


def read_linking(env: Mapping[str, str], target: Target) -> Linking:
    """Decide from BP_GO_STATIC, else from what is known of the run image. Raises UserError."""
    cgo = env.get("CGO_ENABLED", "")
    because = _static_because(env, target)
    if not because:
        if is_on(env, LIVE_RELOAD):  # run images, in which the app is rebuilt, have no C compiler
            cgo = cgo or "0"
        return Linking(static=False, because="", cgo=cgo)
    return Linking(static=True, because=because, cgo=cgo or "0")


def _static_because(env: Mapping[str, str], target: Target) -> str:
    if env.get(_VARIABLE, "").strip():
        return f"{_VARIABLE} is set" if is_on(env, _VARIABLE) else ""
    stack, distro = env.get("CNB_STACK_ID", ""), target.distro_name
    if stack.endswith(f".{_STATIC_SUFFIX}"):
        return f"run images of the stack {stack} have no libc"
    if distro in _WITHOUT_GLIBC or distro.endswith(f"-{_STATIC_SUFFIX}"):
        return f"the run image ({distro}) has no glibc"
    return ""
