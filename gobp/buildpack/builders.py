"""Every component's build, by the name that its detector has.

The functions are named and not imported: a build imports the components that take part in it,
and each is imported when it is first asked for something.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from gobp.buildpack.component import BuildContext, DetectContext
from gobp.cnb.launch import Launch


class Build(Protocol):
    """Does a component's work; returns the processes and labels that it adds to the image."""

    def __call__(self, context: BuildContext) -> Launch:
        """Build. Raises UserError."""
        ...


@dataclass(frozen=True, slots=True)
class Builder:
    """A component as the build sees it: its name in the log, and its functions by name.

    A name is ``folder.module:function``, below gobp.buildpack; "" where there is no such function.
    """

    title: str
    build_name: str
    check_name: str = ""
    keep_name: str = ""

    def check(self, facts: DetectContext) -> None:
        """Read the component's configuration. Raises UserError.

        This comes before the first component builds, so that a mistake is told at once and not
        after minutes.
        """
        if self.check_name:
            cast("Callable[[DetectContext], object]", _function(self.check_name))(facts)

    @property
    def build(self) -> Build:
        """What does the component's work."""
        return cast("Build", _function(self.build_name))

    @property
    def keep(self) -> Build | None:
        """What runs in place of ``build`` where the programs of the last build are still right.

        It only declares what stays. None for a component that builds always.
        """
        return cast("Build", _function(self.keep_name)) if self.keep_name else None


def _function(name: str) -> object:
    module, _, function = name.partition(":")
    return getattr(import_module(f"gobp.buildpack.{module}"), function)


BUILDERS: Mapping[str, Builder] = {
    "ca-certificates": Builder(
        "CA Certificates",
        "ca_certificates.build:build",
        check_name="ca_certificates.build:read_configuration",
    ),
    "credentials": Builder(
        "Credentials", "credentials.build:build", check_name="credentials.given:read_given"
    ),
    "go-dist": Builder("Go Distribution", "go_dist.build:build", keep_name="go_dist.keep:keep"),
    "git": Builder("Git", "git.build:build"),
    "dep": Builder("Dep", "dep.build:build", keep_name="dep.build:keep"),
    "dep-ensure": Builder(
        "Dep Ensure", "dep_ensure.build:build", keep_name="dep_ensure.build:keep"
    ),
    "go-mod-vendor": Builder(
        "Go Mod Vendor", "go_mod_vendor.build:build", keep_name="go_mod_vendor.keep:keep"
    ),
    "go-generate": Builder(
        "Go Generate", "go_generate.build:build", check_name="go_generate.config:read_config"
    ),
    "go-check": Builder(
        "Go Vet and Test", "go_check.build:build", check_name="go_check.config:read_config"
    ),
    "go-build": Builder(
        "Go Build",
        "go_build.build:build",
        check_name="go_build.check:check",
        keep_name="go_build.keep:keep",
    ),
    "sbom": Builder("SBOM", "sbom.build:build", keep_name="sbom.keep:keep"),
    "vulnerabilities": Builder(
        "Vulnerabilities",
        "vulnerabilities.build:build",
        check_name="vulnerabilities.config:read_config",
    ),
    "live-reload": Builder(
        "Live Reload", "live_reload.build:build", check_name="live_reload.build:check"
    ),
    "ca-certificates-helper": Builder(
        "CA Certificates Helper", "ca_certificates_helper.build:build"
    ),
    "source-removal": Builder(
        "Source Removal",
        "source_removal.build:build",
        check_name="source_removal.build:read_configuration",
    ),
    "procfile": Builder("Procfile", "procfile.build:build"),
    "test-image": Builder(
        "Test Image", "test_image.build:build", check_name="test_image.build:read_tests"
    ),
    "environment-variables": Builder("Environment Variables", "environment_variables.build:build"),
    "image-labels": Builder("Image Labels", "image_labels.build:build"),
}
