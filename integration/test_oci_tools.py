"""gobp.oci against the real tools: skopeo, podman, docker and a docker registry."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from gobp.errors import UserError
from gobp.oci.archive import read_archive, write_archive
from gobp.oci.blobs import BlobStore, read_verified
from gobp.oci.image import ContainerConfig, History, Image, ImageConfig, Platform
from gobp.oci.layer_tar import Entry, store_layer
from gobp.oci.layout import read_layout, write_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from integration.docker import free_port

NAME = Reference.parse("gobp-oci-test.example.com/demo/web:v1")
USER, PASSWORD = "ann", "not-a-secret"
PASSWORD_BCRYPT = "$2b$05$abcdefghijklmnopqrstuuVPNOToLP9MHdthRCXkVoiIF0qNKnk2G"
HELLO = """
package main

import "os"

func main() { os.Stdout.WriteString("hello " + os.Getenv("WHO")) }
"""


def need(*tools: str) -> None:
    """Skip with the reason when a tool is missing; fail when GOBP_REQUIRE_LAB=1 demands it."""
    for tool in tools:
        if shutil.which(tool) is None:
            reason = f"NOT TESTED with {tool}: it is not on PATH"
            if os.environ.get("GOBP_REQUIRE_LAB") == "1":
                pytest.fail(reason)
            pytest.skip(reason)


def output(*argv: str | Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """An image that runs: a static binary in a compressed layer above a plain one."""
    need("go")
    folder = tmp_path_factory.mktemp("image")
    (folder / "main.go").write_text(HELLO)
    env = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", "hello", "main.go"], cwd=folder, env=env, check=True)
    store = BlobStore(folder / "blobs")
    base = store_layer(
        store,
        [Entry.directory("/w", uid=1000, gid=1000), Entry.symlink("/hi", "/bin/hello")],
        compressed=False,
    )
    binary = (folder / "hello").read_bytes()
    app = store_layer(
        store, [Entry.directory("/bin"), Entry.file("/bin/hello", binary, mode=0o755)]
    )
    process = ContainerConfig(
        env=("WHO=gobp",), entrypoint=("/hi",), user="1000:1000", working_dir="/w"
    )
    history = (History("base"), History("app"))
    return Image.of(ImageConfig("amd64", config=process, history=history), [base, app])


@pytest.fixture
def archive(tmp_path: Path, image: Image) -> Path:
    write_archive(tmp_path / "image.tar", image, reference=NAME)
    return tmp_path / "image.tar"


@contextmanager
def docker_registry(folder: Path, *, auth: bool) -> Iterator[str]:
    """Run Debian's docker-registry; the value is its address."""
    need("docker-registry")
    address = f"127.0.0.1:{free_port()}"
    users = folder / "htpasswd"
    users.write_text(f"{USER}:{PASSWORD_BCRYPT}\n")
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": address},
    }
    if auth:
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(users)}}
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", folder / "config.yml"], stdout=log, stderr=log
        )
        try:
            wait_for(f"http://{address}/v2/", process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "the registry ended"
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{url} does not answer")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with docker_registry(tmp_path, auth=False) as address:
        yield address


@pytest.fixture
def closed_registry(tmp_path: Path) -> Iterator[str]:
    with docker_registry(tmp_path, auth=True) as address:
        yield address


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_skopeo_reads_an_archive_as_either_kind(archive: Path, image: Image, kind: str) -> None:
    need("skopeo")
    seen = json.loads(output("skopeo", "inspect", f"{kind}:{archive}"))
    config = json.loads(output("skopeo", "inspect", "--config", f"{kind}:{archive}"))
    assert seen["Architecture"] == "amd64"
    assert config["rootfs"]["diff_ids"] == list(image.config.diff_ids)


def test_skopeo_reads_a_layout(tmp_path: Path, image: Image) -> None:
    need("skopeo")
    digest = write_layout(tmp_path / "layout", image, reference="v1")
    seen = json.loads(output("skopeo", "inspect", f"oci:{tmp_path / 'layout'}:v1"))
    assert seen["Digest"] == digest
    assert seen["Layers"] == [layer.descriptor.digest for layer in image.layers]


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_what_skopeo_writes_is_read(tmp_path: Path, image: Image, archive: Path, kind: str) -> None:
    need("skopeo")
    there = tmp_path / "there"
    output("skopeo", "copy", f"oci-archive:{archive}", f"{kind}:{there}:demo/web:v2")
    read = read_layout(there) if kind == "oci" else read_archive(there)
    assert read.config == image.config
    for layer in read.layers:
        assert read_verified(layer.blob)


@pytest.mark.parametrize("tool", ["docker", "podman"])
@pytest.mark.parametrize("name", [str(NAME), "index.docker.io/gobp-oci-test/web:v1"])
def test_an_engine_loads_an_archive_and_saves_it_so_that_we_read_it(
    tmp_path: Path, image: Image, tool: str, name: str
) -> None:
    need(tool)
    reference = Reference.parse(name)
    write_archive(tmp_path / "in.tar", image, reference=reference)
    try:
        loaded = output(tool, "load", "--input", tmp_path / "in.tar")
        assert name.removeprefix("index.docker.io/") in loaded
        output(tool, "save", "--output", tmp_path / "out.tar", name)
        saved = read_archive(tmp_path / "out.tar", platform=Platform("linux", "amd64"))
        assert saved.config.diff_ids == image.config.diff_ids
        assert saved.config.config.entrypoint == image.config.config.entrypoint
    finally:
        subprocess.run([tool, "rmi", name], capture_output=True, check=False)


def test_docker_runs_a_loaded_image(archive: Path) -> None:
    need("docker")
    output("docker", "load", "--input", archive)
    try:
        assert output("docker", "run", "--rm", "--network=none", str(NAME)) == "hello gobp"
    finally:
        subprocess.run(["docker", "rmi", str(NAME)], capture_output=True, check=False)


def test_a_real_registry_takes_what_we_push_and_gives_it_back(registry: str, image: Image) -> None:
    need("skopeo")
    reference = Reference.parse(f"{registry}/deep/demo/web:v1")
    registries = Registries({})
    digest = registries.push(reference, image)
    seen = json.loads(output("skopeo", "inspect", "--tls-verify=false", f"docker://{reference}"))
    pulled = registries.pull(reference, Platform("linux", "amd64"))
    assert seen["Digest"] == digest == pulled.source_digest
    assert (pulled.config, pulled.manifest) == (image.config, image.manifest)
    for ours, theirs in zip(image.layers, pulled.layers, strict=True):
        assert read_verified(ours.blob) == read_verified(theirs.blob)


def test_a_real_registry_keeps_an_index(registry: str, image: Image) -> None:
    need("skopeo")
    reference = Reference.parse(f"{registry}/demo/web:v1")
    arm = Image.of(replace(image.config, architecture="arm64", variant="v8"), image.layers)
    Registries({}).push_index(reference, [image, arm])
    for architecture in ("amd64", "arm64"):
        seen = output(
            "skopeo",
            f"--override-arch={architecture}",
            "inspect",
            "--tls-verify=false",
            f"docker://{reference}",
        )
        assert json.loads(seen)["Architecture"] == architecture
        pulled = Registries({}).pull(reference, Platform("linux", architecture))
        assert pulled.config.architecture == architecture


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_what_skopeo_pushes_is_pulled(
    registry: str, image: Image, archive: Path, form: str
) -> None:
    need("skopeo")
    reference = Reference.parse(f"{registry}/demo/web:{form}")
    output(
        "skopeo",
        "copy",
        f"--format={form}",
        "--dest-tls-verify=false",
        f"oci-archive:{archive}",
        f"docker://{reference}",
    )
    pulled = Registries({}).pull(reference)
    assert pulled.config.diff_ids == image.config.diff_ids
    again = replace(reference, tag="again")
    Registries({}).push(again, pulled)
    assert Registries({}).pull(again).manifest == pulled.manifest


def docker_login(folder: Path, registry: str, password: str) -> dict[str, str]:
    """What docker login leaves, and the environment in which it is found."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(folder)}


def test_a_closed_registry_opens_to_the_credentials_of_docker_login(
    closed_registry: str, tmp_path: Path, image: Image
) -> None:
    reference = Reference.parse(f"{closed_registry}/demo/web:v1")
    env = docker_login(tmp_path, closed_registry, PASSWORD)
    digest = Registries(env).push(reference, image)
    assert Registries(env).pull(reference).source_digest == digest


@pytest.mark.parametrize("env_of", [lambda *_: {}, docker_login])
def test_a_closed_registry_stays_closed_to_others(
    closed_registry: str,
    tmp_path: Path,
    image: Image,
    env_of: Callable[[Path, str, str], dict[str, str]],
) -> None:
    reference = Reference.parse(f"{closed_registry}/demo/web:v1")
    env = env_of(tmp_path, closed_registry, "wrong-secret")
    with pytest.raises(UserError, match="does not let you use demo/web") as caught:
        Registries(env).push(reference, image)
    assert "wrong-secret" not in str(caught.value)
