"""One name in a registry for both architectures: pushed by release.publish, pulled by others."""

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gobp.oci.image import INDEX, Image, Platform
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from integration.docker import Docker, output_of, run
from integration.lab import ROOT, TOOLS, Given, Pack
from release.publish import publish

ARCHITECTURES = ("amd64", "arm64")


@pytest.fixture(scope="module")
def published(registry: str, dist: Path) -> str:
    """The package in a registry, by name and tag."""
    name = f"{registry}/gobp/go:0.1.0"
    by_digest = publish(dist / "buildpack", name, os.environ)
    assert by_digest.startswith(f"{registry}/gobp/go@sha256:")
    return name


def pulled(name: str, architecture: str) -> Image:
    """Return the image for an architecture, by gobp's own client."""
    return Registries(os.environ).pull(Reference.parse(name), Platform("linux", architecture))


def skopeo(name: str, *options: str) -> Any:
    """Return what skopeo sees of an image."""
    if run(["skopeo", "--version"]).returncode != 0:
        pytest.skip("NOT TESTED with skopeo: it is not installed")
    return json.loads(
        output_of(["skopeo", "inspect", "--tls-verify=false", *options, f"docker://{name}"])
    )


def test_skopeo_finds_an_index_with_an_image_for_each_architecture(published: str) -> None:
    index = skopeo(published, "--raw")

    assert index["mediaType"] == INDEX
    platforms = [each["platform"] for each in index["manifests"]]
    assert platforms == [{"os": "linux", "architecture": each} for each in ARCHITECTURES]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_image_is_labelled_for_its_own_architecture(published: str, architecture: str) -> None:
    config = skopeo(f"{published}", "--override-arch", architecture, "--config")

    labels = config["config"]["Labels"]
    layers = json.loads(labels["io.buildpacks.buildpack.layers"])
    about = layers["gobp/go"]["0.1.0"]
    assert config["architecture"] == architecture
    assert about["targets"] == [{"os": "linux", "arch": architecture}]
    assert config["rootfs"]["diff_ids"] == [about["layerDiffID"]]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_layer_has_the_interpreter_of_its_architecture_alone(
    published: str, architecture: str
) -> None:
    (layer,) = pulled(published, architecture).layers

    with layer.blob.open() as blob, tarfile.open(fileobj=blob, mode="r|gz") as tar:
        names = tar.getnames()
    home = "/cnb/buildpacks/gobp_go"
    assert names[:2] == [home, f"{home}/0.1.0"]
    runtimes = {name.split("/")[6] for name in names if f"{home}/0.1.0/runtime/" in name}
    assert runtimes & set(ARCHITECTURES) == {architecture}
    assert f"{home}/0.1.0/bin/build" in names
    assert not [name for name in names if f"helpers/{other(architecture)}" in name]


def other(architecture: str) -> str:
    return next(each for each in ARCHITECTURES if each != architecture)


def test_an_image_is_smaller_than_the_file_for_all(published: str, dist: Path) -> None:
    sizes = [pulled(published, each).layers[0].descriptor.size for each in ARCHITECTURES]

    assert max(sizes) < 0.7 * (dist / "gobp.cnb").stat().st_size


def test_publishing_the_same_again_gives_the_same_digest(
    registry: str, published: str, dist: Path
) -> None:
    again = publish(dist / "buildpack", f"{registry}/gobp/go:again", os.environ)

    digest = again.partition("@")[2]
    assert f"sha256:{sha256(skopeo_raw(published))}" == digest


def skopeo_raw(name: str) -> str:
    return output_of(["skopeo", "inspect", "--tls-verify=false", "--raw", f"docker://{name}"])


def sha256(text: str) -> str:
    done = run(["sh", "-c", 'printf %s "$1" | sha256sum', "sh", text])
    return done.stdout.split()[0]


def test_pack_shows_and_pulls_it(pack: Pack, docker: Docker, published: str) -> None:
    program = str(TOOLS / "bin/pack")
    shown = output_of([program, "buildpack", "inspect", published])
    output_of([program, "buildpack", "pull", published])
    docker.adopt(published)

    assert "gobp/go" in shown
    assert docker.inspect(published)["Architecture"] == "amd64"


def test_pack_builds_an_app_with_it(pack: Pack, docker: Docker, published: str) -> None:
    given = Given(published, ROOT)  # pack does not understand docker:// before a port
    options = ["--pull-policy", "if-not-present"]

    built = pack.build("from-registry", ROOT / "samples/vendored", given, options=options)

    docker.adopt(published)
    with docker.serve(built.image) as server:
        assert server.request("POST", "/count", data="one").json() == {"one": 1}
