"""Images in registries: pull and push by the OCI distribution specification 1.1."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import quote, urljoin

from gobp.errors import UserError
from gobp.oci import json_document
from gobp.oci.answers import read_bounded
from gobp.oci.authorization import PULL, PUSH
from gobp.oci.blobs import BlobSource, BytesBlob
from gobp.oci.choice import read_image
from gobp.oci.credentials import CredentialSource, DockerConfig
from gobp.oci.digest import sha256_of
from gobp.oci.image import (
    INDEX,
    MANIFEST,
    Descriptor,
    Image,
    Index,
    Platform,
)
from gobp.oci.json_document import DOCUMENT_LIMIT
from gobp.oci.layout import blobs_of, descriptor_of
from gobp.oci.reference import Reference
from gobp.oci.repository import Call, RemoteBlob, Repository
from gobp.system.fetch import ca_bundle


class Registries:
    """All registries, with one user's credentials; plain http only to this machine."""

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        credentials: CredentialSource | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take ``env`` for HOME, DOCKER_CONFIG and SSL_CERT_FILE; contact nobody yet.

        Without ``credentials`` those of docker login are used. ``sleep`` waits between tries.
        """
        self._credentials = DockerConfig.load(env) if credentials is None else credentials
        self._verify = ca_bundle(env)
        self._sleep = sleep

    def pull(self, reference: Reference, platform: Platform | None = None) -> Image:
        """Return an image whose layers are fetched, and checked, only when they are copied.

        Raises UserError if there is no one such image for ``platform`` (None: any), or it is
        damaged.
        """
        image = self.find(reference, platform)
        if image is None:
            raise UserError(
                f"{reference.registry} has no image {reference}",
                remedy="check the name and the tag; a private image also needs a docker login.",
            )
        return image

    def find(self, reference: Reference, platform: Platform | None = None) -> Image | None:
        """Return an image as :meth:`pull` does, or None if the registry has none of the name."""
        repository = self._repository(reference, PULL)
        path = f"manifests/{reference.identifier}"
        call = Call("GET", path, "manifest", expected=(200, 404))
        with repository.send(call) as response:
            if response.status_code == 404:
                return None
            body = read_bounded(response, DOCUMENT_LIMIT)
            media_type = response.headers.get("Content-Type", "")
        if reference.digest and sha256_of(body) != reference.digest:
            raise UserError(
                f"{reference.registry} answers with another image than {reference}",
                remedy="do not trust this registry or the proxy in front of it.",
            )
        root = _descriptor(body, media_type, str(reference))

        def blob_of(descriptor: Descriptor) -> BlobSource:
            if descriptor.digest == root.digest:
                return BytesBlob(body)
            kind = "manifests" if descriptor.media_type in {INDEX, MANIFEST} else "blobs"
            path = f"{kind}/{descriptor.digest}"
            return RemoteBlob(repository, path, descriptor.digest, descriptor.size)

        return read_image(root, blob_of, platform=platform, source=str(reference))

    def push(self, reference: Reference, image: Image) -> str:
        """Upload what the registry lacks of an image, name it, and return its digest.

        A layer that is there is neither read nor, if it comes from another registry, fetched.
        Raises UserError if the registry refuses or a blob is damaged.
        """
        repository = self._repository(reference, PUSH)
        return _push(repository, image, reference.identifier)

    def push_index(self, reference: Reference, images: Iterable[Image]) -> str:
        """Push an image for each of several platforms under one name; return its digest."""
        repository = self._repository(reference, PUSH)
        entries = []
        for image in images:
            entry = descriptor_of(image)
            _push(repository, image, entry.digest)
            entries.append(entry)
        index = Index(tuple(entries)).to_json()
        return _put_manifest(repository, reference.identifier, index, INDEX)

    def _repository(self, reference: Reference, actions: str) -> Repository:
        return Repository(
            reference,
            self._credentials.credentials_for(reference.registry),
            actions=actions,
            verify=self._verify,
            sleep=self._sleep,
        )


def _descriptor(body: bytes, media_type: str, source: str) -> Descriptor:
    """Describe a manifest by its own words; the header is asked only where it has none."""
    table = json_document.load(body, source=source)
    stated = json_document.get_str(table, "mediaType", source=source)
    document = {
        "mediaType": stated or media_type.partition(";")[0].strip(),
        "digest": sha256_of(body),
        "size": len(body),
    }
    return Descriptor.from_document(document, source=source)


def _push(repository: Repository, image: Image, identifier: str) -> str:
    manifest = image.manifest.to_json()
    for blob in blobs_of(image):
        if blob.digest != sha256_of(manifest) and not _has(repository, blob):
            repository.retried(partial(_upload, repository, blob))
    return _put_manifest(repository, identifier, manifest, MANIFEST)


def _has(repository: Repository, blob: BlobSource) -> bool:
    call = Call("HEAD", f"blobs/{blob.digest}", "blob", expected=(200, 404))
    with repository.send(call) as response:
        return response.status_code == 200


def _upload(repository: Repository, blob: BlobSource) -> None:
    """Upload in one piece: POST, then PUT; tried again as a whole, for half an upload is lost."""
    with repository.send_once(Call("POST", "blobs/uploads/", "upload", expected=(202,))) as answer:
        location = urljoin(answer.url, answer.headers.get("Location", ""))
    separator = "&" if "?" in location else "?"
    url = f"{location}{separator}digest={quote(blob.digest, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    call = Call("PUT", url, f"blob {blob.digest}", headers, blob, (201,))
    repository.send_once(call).close()


def _put_manifest(repository: Repository, identifier: str, body: bytes, media_type: str) -> str:
    digest = sha256_of(body)
    if identifier.startswith("sha256:") and identifier != digest:
        raise UserError(
            f"{repository.reference} names another image than the one to push, {digest}",
            remedy="push to a tag; the digest follows from the image.",
        )
    headers = {"Content-Type": media_type}
    call = Call("PUT", f"manifests/{identifier}", "manifest", headers, body, (201,))
    repository.send(call).close()
    return digest
