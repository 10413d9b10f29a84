"""What a phase is given: folders, plan and target.

Source: buildpack specification, "Detection" and "Build".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gobp.cnb.inputs import given


@dataclass(frozen=True, slots=True)
class Target:
    """What the image is built for, in Go's words. Parts are empty where they are not known."""

    os: str
    arch: str
    variant: str = ""
    distro_name: str = ""
    distro_version: str = ""

    @classmethod
    def from_environment(cls, env: Mapping[str, str], *, architecture: str = "") -> "Target":
        """Read ``CNB_TARGET_*``; a lifecycle before 0.20 may give none of them.

        ``architecture`` is the machine's, in Go's words, for when none is given.
        """
        return cls(
            os=env.get("CNB_TARGET_OS") or "linux",
            arch=env.get("CNB_TARGET_ARCH") or architecture,
            variant=env.get("CNB_TARGET_ARCH_VARIANT", ""),
            distro_name=env.get("CNB_TARGET_DISTRO_NAME", ""),
            distro_version=env.get("CNB_TARGET_DISTRO_VERSION", ""),
        )

    def to_environment(self) -> dict[str, str]:
        """Return ``CNB_TARGET_*``: operating system and architecture always, others if known."""
        known = {
            "CNB_TARGET_ARCH_VARIANT": self.variant,
            "CNB_TARGET_DISTRO_NAME": self.distro_name,
            "CNB_TARGET_DISTRO_VERSION": self.distro_version,
        }
        always = {"CNB_TARGET_OS": self.os, "CNB_TARGET_ARCH": self.arch}
        return always | {name: value for name, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """Inputs of bin/build; paths as they were given. The app is the working directory."""

    layers_dir: str
    platform_dir: str
    plan_path: str
    buildpack_dir: str
    target: Target

    @classmethod
    def from_environment(
        cls, env: Mapping[str, str], arguments: Sequence[str], *, architecture: str = ""
    ) -> "BuildInputs":
        """Read the variables, else (Buildpack API < 0.8) the arguments after the program's name.

        ``architecture`` is the machine's, for a lifecycle that gives no target. Raises UserError
        where a path is missing.
        """
        return cls(
            layers_dir=given("CNB_LAYERS_DIR", env, arguments, 0),
            platform_dir=given("CNB_PLATFORM_DIR", env, arguments, 1),
            plan_path=given("CNB_BP_PLAN_PATH", env, arguments, 2),
            buildpack_dir=given("CNB_BUILDPACK_DIR", env),
            target=Target.from_environment(env, architecture=architecture),
        )
