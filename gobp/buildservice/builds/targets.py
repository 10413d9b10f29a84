"""The platforms that Go builds for, and the variants of their processors."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.order import Target
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.errors import UserError
from gobp.system.process import Commands

_HARD_OR_SOFT = ("hardfloat", "softfloat")
_ARM64 = (*(f"v8.{minor}" for minor in range(10)), *(f"v9.{minor}" for minor in range(6)))
# https://go.dev/doc/install/source#environment; those with commas in them are left out.
_VARIANTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "386": ("GO386", ("sse2", "softfloat")),
    "amd64": ("GOAMD64", ("v1", "v2", "v3", "v4")),
    "arm": ("GOARM", ("5", "6", "7")),
    "arm64": ("GOARM64", _ARM64),
    "mips": ("GOMIPS", _HARD_OR_SOFT),
    "mipsle": ("GOMIPS", _HARD_OR_SOFT),
    "mips64": ("GOMIPS64", _HARD_OR_SOFT),
    "mips64le": ("GOMIPS64", _HARD_OR_SOFT),
    "ppc64": ("GOPPC64", ("power8", "power9", "power10")),
    "ppc64le": ("GOPPC64", ("power8", "power9", "power10")),
    "riscv64": ("GORISCV64", ("rva20u64", "rva22u64", "rva23u64")),
}
_NONE: tuple[str, tuple[str, ...]] = ("", ())
_MOST_PARTS = 3
_PLAIN = {"GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}  # settings of users aside


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform as ``go tool dist list`` has it: ``first_class`` are those that Go tests most."""

    goos: str
    goarch: str
    first_class: bool
    cgo: bool

    @property
    def variants(self) -> tuple[str, ...]:
        """What a target's variant may be besides ""."""
        return _VARIANTS.get(self.goarch, _NONE)[1]

    def __str__(self) -> str:
        return f"{self.goos}/{self.goarch}"


@dataclass(frozen=True, slots=True)
class Targets:
    """All platforms, the first-class ones first, then by name."""

    platforms: tuple[Platform, ...]

    @classmethod
    def of_go(cls, commands: Commands, env: Mapping[str, str]) -> "Targets":
        """Ask the go command on the PATH of ``env``. Raises UserError where there is none."""
        answer = commands.capture(
            ["go", "tool", "dist", "list", "-json"], cwd=Path("/"), env={**env, **_PLAIN}
        )
        if answer.status != 0:
            raise UserError(
                "go does not say which platforms it builds for",
                detail=answer.stderr.strip(),
                remedy="install Go (https://go.dev/doc/install), and put it on the PATH.",
            )
        return cls.parse(answer.stdout)

    @classmethod
    def parse(cls, listed: str) -> "Targets":
        """Return the platforms in what ``go tool dist list -json`` prints."""
        platforms = [
            Platform(each["GOOS"], each["GOARCH"], each["FirstClass"], each["CgoSupported"])
            for each in json.loads(listed)
        ]
        return cls(tuple(sorted(platforms, key=lambda each: (not each.first_class, str(each)))))

    def check(self, target: Target) -> None:
        """Raise NotResolvedError (400), which says what there is, for what Go does not know."""
        found = [each for each in self.platforms if str(each) == f"{target.goos}/{target.goarch}"]
        if not found:
            raise NotResolvedError(400, self._unknown(target))
        variants = found[0].variants
        if target.variant and target.variant not in variants:
            allowed = f"one of {', '.join(variants)}, or none" if variants else "none"
            raise NotResolvedError(
                400, f"{target.variant!r} is no variant of {found[0]}: it may be {allowed}"
            )

    def _unknown(self, target: Target) -> str:
        names = [str(each) for each in self.platforms]
        asked = f"{target.goos}/{target.goarch}"
        near = difflib.get_close_matches(asked.lower(), names, n=3)
        shown = near or [str(each) for each in self.platforms if each.first_class]
        return f"Go builds for no platform {asked!r}; it does for {', '.join(shown)}"


def parse_target(text: str) -> Target:
    """Return the target in ``linux/arm64`` or ``linux/arm/7``; whether Go has it is not checked.

    Raises NotResolvedError (400).
    """
    parts = text.split("/")
    if not 1 < len(parts) <= _MOST_PARTS or not all(parts):
        raise NotResolvedError(
            400, f"{text!r} is no target: write GOOS/GOARCH, as linux/arm64, or linux/arm/7"
        )
    return Target(*parts)


def target_env(target: Target) -> dict[str, str]:
    """Return the variables by which the go command builds for a target: GOOS, GOARCH, GOARM..."""
    env = {"GOOS": target.goos, "GOARCH": target.goarch}
    if target.variant:
        env[_VARIANTS[target.goarch][0]] = target.variant
    return env
