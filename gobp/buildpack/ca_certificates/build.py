"""Makes the certificates of bindings trusted: by go, git and gobp itself, and by the image.

Programs look for certificates in one file and in a folder, which SSL_CERT_FILE and SSL_CERT_DIR
name (Go's crypto/x509, OpenSSL). The layer adds its folder and leaves the system's in place, so
buildpacks after this one trust the same. What reads a file only, as git and gobp do, gets one of
the system's certificates and these together, for this build alone.
"""

import os
from pathlib import Path

from gobp.buildpack.ca_certificates.certificates import (
    Certificate,
    pem,
    read_certificates,
    trust_store,
)
from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.switches import is_on
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes
from gobp.system.fetch import ca_bundle
from gobp.system.files import write_atomically

LAYER = "ca-certificates"
_EMBED = "BP_EMBED_CERTS"
_FILE = "SSL_CERT_FILE"
_FOLDER = "SSL_CERT_DIR"
_GIT_FILE = "GIT_SSL_CAINFO"
_SYSTEM_FILE = "/etc/ssl/certs/ca-certificates.crt"
_SYSTEM_FOLDER = "/etc/ssl/certs"


def build(context: BuildContext) -> Launch:
    """Write the layer, and the file for this build. Raises UserError."""
    certificates, embed = read_configuration(context.facts)
    layer = context.layers.layer(LAYER)
    folder = layer.reset() / "ca-certificates"
    folder.mkdir()
    for name, text in trust_store(certificates).items():
        write_atomically(folder / name, text.encode())
    context.layers.contribute(
        layer, LayerTypes(build=True, launch=embed), environment=_environment(folder, embed=embed)
    )
    _trust_in_this_build(context, certificates)
    context.log.process(
        f"Added {len(certificates)} additional CA certificate(s) to system truststore"
    )
    if embed:
        context.log.process(f"They are in the image as well ({_EMBED})")
    context.log.gap()
    return Launch()


def read_configuration(facts: DetectContext) -> tuple[tuple[Certificate, ...], bool]:
    """Return the certificates, and whether the image gets them too. Raises UserError."""
    return read_certificates(facts.bindings), is_on(facts.env, _EMBED)


def _environment(folder: Path, *, embed: bool) -> LayerEnvironment:
    """Return the variables of the layer, at build and, with ``embed``, at launch.

    Setting SSL_CERT_DIR takes the system's folder away, so it is named too. At launch the file is
    the one that images of Debian, Ubuntu and Alpine have; here it may be another or none.
    """
    place = (
        Modification(_FOLDER, Operation.APPEND, f"{_SYSTEM_FOLDER}:{folder}"),
        Modification(_FOLDER, Operation.DELIMITER, ":"),
    )
    file = Modification(_FILE, Operation.DEFAULT, _SYSTEM_FILE)
    here = (file,) if os.path.isfile(_SYSTEM_FILE) else ()  # noqa: PTH113 # a constant
    return LayerEnvironment(build=(*place, *here), launch=(*place, file) if embed else ())


def _trust_in_this_build(context: BuildContext, certificates: tuple[Certificate, ...]) -> None:
    trusted = Path(ca_bundle(context.env)).read_bytes()
    bundle = context.session.folder() / "ca-certificates.crt"
    added = "".join(map(pem, certificates)).encode()
    write_atomically(bundle, trusted.rstrip() + b"\n" + added)
    context.session.set(_FILE, str(bundle))
    if not context.env.get(_GIT_FILE):
        context.session.set(_GIT_FILE, str(bundle))
