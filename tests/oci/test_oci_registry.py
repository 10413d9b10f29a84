"""Registries: pull lazily, push what is missing, be let in, survive trouble, keep secrets."""

import socket
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.oci.authorization import parse_challenges
from gobp.oci.blobs import BlobStore, BytesBlob, read_verified
from gobp.oci.credentials import Credentials
from gobp.oci.digest import sha256_of
from gobp.oci.image import LAYER, Descriptor, Image, Layer, Platform
from gobp.oci.layer_tar import Entry, store_layer
from gobp.oci.layout import write_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from tests.oci.fake_registry import IDENTITY, PASSWORD, TOKEN, USER, FakeRegistry, serving
from tests.oci.oci_images import AMD64, sample_image

KNOWN = Credentials(USER, PASSWORD)


class Known:
    """One answer for every registry."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._credentials = credentials

    def credentials_for(self, registry: str) -> Credentials | None:
        return self._credentials


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serving() as fake:
        yield fake


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return sample_image(tmp_path / "blobs")


def registries(credentials: Credentials | None = None) -> Registries:
    return Registries({}, credentials=Known(credentials), sleep=lambda _: None)


def named(registry: FakeRegistry, name: str = "a/b:v1") -> Reference:
    return Reference.parse(f"{registry.address}/{name}")


def everything_said(error: pytest.ExceptionInfo[UserError]) -> str:
    return f"{error.value} {error.value!r} " + "".join(traceback.format_exception(error.value))


def test_what_is_pushed_is_pulled(registry: FakeRegistry, image: Image) -> None:
    digest = registries().push(named(registry), image)
    pulled = registries().pull(named(registry), Platform("linux", "amd64"))
    assert digest == pulled.source_digest == sha256_of(image.manifest.to_json())
    assert (pulled.config, pulled.manifest) == (image.config, image.manifest)
    for ours, theirs in zip(image.layers, pulled.layers, strict=True):
        assert read_verified(ours.blob) == read_verified(theirs.blob)
    assert registries().pull(named(registry).with_digest(digest)).config == image.config


def test_a_blob_that_is_there_is_not_uploaded_again(registry: FakeRegistry, image: Image) -> None:
    registries().push(named(registry), image)
    uploads = len(registry.lines("POST"))
    registries().push(named(registry, "a/b:v2"), image)
    assert uploads == 3  # two layers and the config
    assert len(registry.lines("POST")) == uploads


def test_a_run_images_layers_are_not_downloaded_where_the_target_has_them(
    registry: FakeRegistry, image: Image, tmp_path: Path
) -> None:
    registries().push(named(registry), image)
    run_image = registries().pull(named(registry))
    registry.requests.clear()
    app = store_layer(BlobStore(tmp_path / "more"), [Entry.file("/app", b"2")])
    registries().push(
        named(registry, "a/b:app"), Image.of(run_image.config, [*run_image.layers, app])
    )
    assert registry.lines("GET") == []
    assert len(registry.lines("POST")) == 2  # the app's layer and the config


def test_a_run_images_layers_go_to_another_registry_through_us(
    registry: FakeRegistry, image: Image
) -> None:
    registries().push(named(registry), image)
    with serving() as other:
        registries().push(named(other), registries().pull(named(registry)))
        assert other.blobs == registry.blobs


def test_a_pull_fetches_no_layer(registry: FakeRegistry, image: Image) -> None:
    registries().push(named(registry), image)
    registry.requests.clear()
    registries().pull(named(registry))
    assert registry.lines() == [
        "GET /v2/a/b/manifests/v1",
        f"GET /v2/a/b/blobs/{image.manifest.config.digest}",
    ]


def test_an_index_is_pulled_by_platform(registry: FakeRegistry, image: Image) -> None:
    arm = Image.of(replace(AMD64, architecture="arm64", variant="v8"), image.layers)
    digest = registries().push_index(named(registry), [image, arm])
    for one in (image, arm):
        pulled = registries().pull(named(registry).with_digest(digest), one.config.platform)
        assert pulled.config == one.config
    with pytest.raises(UserError, match="has no image for linux/s390x"):
        registries().pull(named(registry), Platform("linux", "s390x"))


def test_an_image_that_is_not_there_is_none_or_an_error(registry: FakeRegistry) -> None:
    assert registries().find(named(registry)) is None
    with pytest.raises(UserError, match="has no image 127"):
        registries().pull(named(registry))


@pytest.mark.parametrize(
    ("auth", "credentials"),
    [("basic", KNOWN), ("bearer", KNOWN), ("bearer", Credentials("", identity_token=IDENTITY))],
)
def test_credentials_are_given_when_they_are_asked_for(
    registry: FakeRegistry, image: Image, auth: str, credentials: Credentials
) -> None:
    registry.auth = auth
    registries(credentials).push(named(registry), image)
    assert registries(credentials).pull(named(registry)).config == image.config
    tokens = [line for line in registry.lines() if "/token" in line]
    if auth == "bearer":
        assert len(tokens) == 2  # one a repository and direction, not one a request
    assert all("scope=repository%3Aa%2Fb%3Apull" in line for line in tokens if "GET" in line)


@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("credentials", [None, Credentials(USER, "wrong-secret")])
def test_who_is_not_let_in_is_told_to_log_in_without_secrets(
    registry: FakeRegistry, image: Image, auth: str, credentials: Credentials | None
) -> None:
    registry.auth = auth
    with pytest.raises(UserError) as caught:
        registries(credentials).push(named(registry), image)
    said = everything_said(caught)
    assert f"docker login {registry.address}" in said
    assert "wrong-secret" not in said
    assert registry.blobs == {}


def test_credentials_never_follow_a_redirect(registry: FakeRegistry, image: Image) -> None:
    registry.auth = "basic"
    registries(KNOWN).push(named(registry), image)
    with serving() as store:
        store.blobs = registry.blobs
        registry.redirect = store.address
        pulled = registries(KNOWN).pull(named(registry))
        assert read_verified(pulled.layers[0].blob)
        assert store.authorizations() == {""}


def test_credentials_stay_behind_where_an_upload_goes_elsewhere(
    registry: FakeRegistry, image: Image
) -> None:
    registry.auth = "bearer"
    with serving() as store:
        registry.upload_to = store.address
        registries(KNOWN).push(named(registry), image)
        assert len(store.blobs) == 3
        assert store.authorizations() == {""}


@pytest.mark.parametrize("credentials", [KNOWN, Credentials("", identity_token=IDENTITY)])
def test_a_token_service_may_not_send_credentials_on(
    registry: FakeRegistry, credentials: Credentials
) -> None:
    registry.auth = "bearer"
    with serving() as thief:
        registry.token_redirect = thief.address
        with pytest.raises(UserError, match="does not let you use"):
            registries(credentials).pull(named(registry))
        assert thief.requests == []


def test_secrets_are_in_no_repr() -> None:
    credentials = Credentials(USER, PASSWORD, IDENTITY)
    for secret in (USER, PASSWORD, IDENTITY):
        assert secret not in repr(credentials)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_tried_again(
    registry: FakeRegistry, image: Image, method: str, status: int
) -> None:
    registry.faults = [(method, status)] * 3
    registries().push(named(registry), image)
    assert registries().pull(named(registry)).config == image.config


def test_what_lasts_is_told(registry: FakeRegistry, image: Image) -> None:
    registry.faults = [("HEAD", 503)] * 4
    with pytest.raises(UserError) as caught:
        registries().push(named(registry), image)
    assert "cannot be reached" in str(caught.value)
    assert "503" in str(caught.value)


def test_the_pauses_grow(registry: FakeRegistry, image: Image) -> None:
    pauses: list[float] = []
    registry.faults = [("GET", 503)] * 4
    with pytest.raises(UserError):
        Registries({}, credentials=Known(), sleep=pauses.append).pull(named(registry))
    assert pauses == [1, 2, 4]


def test_a_registry_that_is_not_there_is_told_without_urls(image: Image) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        reference = Reference.parse(f"127.0.0.1:{taken.getsockname()[1]}/a/b:v1")
        with pytest.raises(UserError) as caught:
            registries(KNOWN).push(reference, image)
    said = everything_said(caught)
    assert "Connection refused" in said
    assert str(reference) in said
    assert "/v2/" not in said


def test_a_refusal_says_the_registrys_words_cleaned(registry: FakeRegistry, image: Image) -> None:
    registry.error_text = "quota \x1b[31mexceeded\n" + "x" * 1000
    registry.faults = [("PUT", 413)]
    with pytest.raises(UserError) as caught:
        registries().push(named(registry), image)
    said = str(caught.value)
    assert "413" in said
    assert "FAULT quota [31mexceeded" in said
    assert len(said) < 1000
    assert "secret-state" not in everything_said(caught)


@pytest.mark.parametrize(("cut_after", "resumed"), [(1, set()), (150_000, {"bytes=131072-"})])
def test_a_download_goes_on_where_it_broke_off(
    registry: FakeRegistry, tmp_path: Path, cut_after: int, resumed: set[str]
) -> None:
    large = store_layer(BlobStore(tmp_path), [Entry.file("/f", bytes(200_000))], compressed=False)
    registries().push(named(registry), Image.of(AMD64, [large]))
    pulled = registries().pull(named(registry))
    registry.cut_after = cut_after
    assert read_verified(pulled.layers[0].blob) == read_verified(large.blob)
    assert registry.cut_after == 0
    ranges = {headers["Range"] for _, _, headers in registry.requests if "Range" in headers}
    assert ranges == resumed


def test_a_layer_that_was_tampered_with_is_never_used(
    registry: FakeRegistry, image: Image, tmp_path: Path
) -> None:
    registries().push(named(registry), image)
    digest = image.layers[0].descriptor.digest
    registry.blobs[digest] = registry.blobs[digest].replace(b"workspace", b"workspaze")
    with pytest.raises(UserError, match="not what its digest says"):
        write_layout(tmp_path / "l", registries().pull(named(registry)), reference="v1")
    assert not (tmp_path / "l").exists()


def test_a_manifest_that_is_not_the_one_asked_for_is_refused(
    registry: FakeRegistry, image: Image
) -> None:
    digest = registries().push(named(registry), image)
    registry.manifests[digest] = ("", image.manifest.to_json() + b" ")
    with pytest.raises(UserError, match="answers with another image"):
        registries().pull(named(registry).with_digest(digest))


def test_a_push_by_digest_must_be_of_that_image(registry: FakeRegistry, image: Image) -> None:
    digest = sha256_of(image.manifest.to_json())
    assert registries().push(named(registry).with_digest(digest), image) == digest
    with pytest.raises(UserError, match="names another image"):
        registries().push(named(registry).with_digest(sha256_of(b"")), image)


def test_a_damaged_layer_is_not_uploaded(registry: FakeRegistry) -> None:
    bad = Layer(Descriptor(LAYER, sha256_of(b"x"), 1), sha256_of(b"x"), _Claims(b"y"))
    with pytest.raises(UserError):
        registries().push(named(registry), Image.of(AMD64, [bad]))
    assert registry.manifests == {}


class _Claims(BytesBlob):
    """Bytes that claim to be others of the same length."""

    @property
    def digest(self) -> str:
        return sha256_of(b"x")


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", {}),
        ("Negotiate", {}),
        ('Basic realm="r"', {"basic": {"realm": "r"}}),
        (
            'Bearer realm="https://t.example.com/t?a=b,c",service=s, scope="a:b:pull,push"',
            {
                "bearer": {
                    "realm": "https://t.example.com/t?a=b,c",
                    "service": "s",
                    "scope": "a:b:pull,push",
                }
            },
        ),
        ('bearer Realm="x", BASIC realm="y"', {"bearer": {"realm": "x"}, "basic": {"realm": "y"}}),
    ],
)
def test_challenges_are_read(header: str, challenges: dict[str, dict[str, str]]) -> None:
    assert parse_challenges(header) == challenges


def test_the_token_is_in_no_error(registry: FakeRegistry, image: Image) -> None:
    registry.auth = "bearer"
    registry.error_text = "nothing of yours"
    registry.faults = [("PUT", 403)]
    with pytest.raises(UserError) as caught:
        registries(KNOWN).push(named(registry), image)
    said = everything_said(caught)
    assert "403" in said
    assert TOKEN not in said
    assert PASSWORD not in said
