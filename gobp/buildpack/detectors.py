"""Every component's detect, in the order in which the components run."""

from dataclasses import dataclass

from gobp.buildpack.ca_certificates.detect import detect as ca_certificates
from gobp.buildpack.ca_certificates_helper.detect import detect as ca_certificates_helper
from gobp.buildpack.component import Detect
from gobp.buildpack.credentials.detect import detect as credentials
from gobp.buildpack.dep.detect import detect as dep
from gobp.buildpack.dep_ensure.detect import detect as dep_ensure
from gobp.buildpack.environment_variables.detect import detect as environment_variables
from gobp.buildpack.git.detect import detect as git
from gobp.buildpack.go_build.detect import detect as go_build
from gobp.buildpack.go_check.detect import detect as go_check
from gobp.buildpack.go_dist.detect import detect as go_dist
from gobp.buildpack.go_generate.detect import detect as go_generate
from gobp.buildpack.go_mod_vendor.detect import detect as go_mod_vendor
from gobp.buildpack.image_labels.detect import detect as image_labels
from gobp.buildpack.live_reload.detect import detect as live_reload
from gobp.buildpack.procfile.detect import detect as procfile
from gobp.buildpack.sbom.detect import detect as sbom
from gobp.buildpack.source_removal.detect import detect as source_removal
from gobp.buildpack.test_image.detect import detect as test_image
from gobp.buildpack.vulnerabilities.detect import detect as vulnerabilities


@dataclass(frozen=True, slots=True)
class Detector:
    """A component as detection sees it; an optional one may fail without failing the group."""

    component: str
    detect: Detect
    optional: bool = True


DETECTORS = (
    Detector("ca-certificates", ca_certificates),
    Detector("credentials", credentials),
    Detector("go-dist", go_dist, optional=False),
    Detector("git", git),
    Detector("dep", dep),
    Detector("dep-ensure", dep_ensure),
    Detector("go-mod-vendor", go_mod_vendor),
    Detector("go-generate", go_generate),
    Detector("go-check", go_check),
    Detector("go-build", go_build, optional=False),
    Detector("sbom", sbom),
    Detector("vulnerabilities", vulnerabilities),
    Detector("live-reload", live_reload),
    Detector("ca-certificates-helper", ca_certificates_helper),
    Detector("source-removal", source_removal),
    Detector("procfile", procfile),
    Detector("test-image", test_image),
    Detector("environment-variables", environment_variables),
    Detector("image-labels", image_labels),
)
