"""Every component's build, by the name that its detector has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gobp.buildpack.ca_certificates.build import build as ca_certificates
from gobp.buildpack.ca_certificates.build import read_configuration as read_certificates
from gobp.buildpack.ca_certificates_helper.build import build as ca_certificates_helper
from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.credentials.build import build as credentials
from gobp.buildpack.credentials.given import read_given
from gobp.buildpack.dep.build import build as dep
from gobp.buildpack.dep_ensure.build import build as dep_ensure
from gobp.buildpack.environment_variables.build import build as environment_variables
from gobp.buildpack.git.build import build as git
from gobp.buildpack.go_build.build import build as go_build
from gobp.buildpack.go_build.build import check as check_go_build
from gobp.buildpack.go_check.build import build as go_check
from gobp.buildpack.go_check.config import read_config as read_checks
from gobp.buildpack.go_dist.build import build as go_dist
from gobp.buildpack.go_generate.build import build as go_generate
from gobp.buildpack.go_generate.config import read_config as read_generate
from gobp.buildpack.go_mod_vendor.build import build as go_mod_vendor
from gobp.buildpack.image_labels.build import build as image_labels
from gobp.buildpack.live_reload.build import build as live_reload
from gobp.buildpack.live_reload.build import check as check_live_reload
from gobp.buildpack.procfile.build import build as procfile
from gobp.buildpack.sbom.build import build as sbom
from gobp.buildpack.source_removal.build import build as source_removal
from gobp.buildpack.source_removal.build import read_configuration as read_keep_files
from gobp.buildpack.test_image.build import build as test_image
from gobp.buildpack.test_image.build import read_tests
from gobp.buildpack.vulnerabilities.build import build as vulnerabilities
from gobp.buildpack.vulnerabilities.config import read_config as read_vulnerabilities
from gobp.cnb.launch import Launch


class Build(Protocol):
    """Does a component's work; returns the processes and labels that it adds to the image."""

    def __call__(self, context: BuildContext) -> Launch:
        """Build. Raises UserError."""
        ...


def _nothing_to_check(_: DetectContext) -> None:
    """Leave the configuration to detect, which has read it all."""


@dataclass(frozen=True, slots=True)
class Builder:
    """A component as the build sees it, with its name in the log.

    ``check`` reads the component's configuration before the first component builds, so that a
    mistake is told at once and not after minutes. It raises UserError. ``keep`` runs in place of
    ``build`` where the programs of the last build are still right: it only declares what stays.
    """

    title: str
    build: Build
    check: Callable[[DetectContext], object] = _nothing_to_check
    keep: Build | None = None


BUILDERS: Mapping[str, Builder] = {
    "ca-certificates": Builder("CA Certificates", ca_certificates, check=read_certificates),
    "credentials": Builder("Credentials", credentials, check=read_given),
    "go-dist": Builder("Go Distribution", go_dist),
    "git": Builder("Git", git),
    "dep": Builder("Dep", dep),
    "dep-ensure": Builder("Dep Ensure", dep_ensure),
    "go-mod-vendor": Builder("Go Mod Vendor", go_mod_vendor),
    "go-generate": Builder("Go Generate", go_generate, check=read_generate),
    "go-check": Builder("Go Vet and Test", go_check, check=read_checks),
    "go-build": Builder("Go Build", go_build, check=check_go_build),
    "sbom": Builder("SBOM", sbom),
    "vulnerabilities": Builder("Vulnerabilities", vulnerabilities, check=read_vulnerabilities),
    "live-reload": Builder("Live Reload", live_reload, check=check_live_reload),
    "ca-certificates-helper": Builder("CA Certificates Helper", ca_certificates_helper),
    "source-removal": Builder("Source Removal", source_removal, check=read_keep_files),
    "procfile": Builder("Procfile", procfile),
    "test-image": Builder("Test Image", test_image, check=read_tests),
    "environment-variables": Builder("Environment Variables", environment_variables),
    "image-labels": Builder("Image Labels", image_labels),
}
