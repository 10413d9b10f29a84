"""The manifests of deploy/kpack, by kpack's own code, and its pod run at Platform API 0.9.

There is no cluster here. kpack's types, validation, builder and pod generator are asked directly
(testdata/kpack/main.go, compiled within kpack's module); docker then runs the pod's containers one
after the other as a kubelet would: its images, commands, users, variables and volumes.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gobp.oci.blobs import BlobStore
from gobp.oci.image import ContainerConfig, Image, ImageConfig, Platform
from gobp.oci.layer_tar import entries_of_tree, parents_of, store_layer
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from integration.docker import Docker, free_port, output_of, run
from integration.lab import ROOT
from release.publish import publish

KPACK = "github.com/pivotal/kpack@v0.17.1"
SUM = "h1:rE9zBJ2HxGv52+41lH3nJcwa36/qqgVK/+C1XIbR6LM="
MANIFESTS = ROOT / "deploy/kpack"
DRIVER = ROOT / "integration/testdata/kpack/main.go"
COMPILE_SECONDS = 2400
PHASE_SECONDS = 600
USER = 1000
PHASES = ["prepare", "analyze", "detect", "restore", "build", "export"]


@dataclass(frozen=True)
class Kpack:
    """Programs of kpack's code: what stands for a cluster, and the first container of its pods."""

    cluster: Path
    build_init: Path

    def pod(self, manifests: Path, revision: str, *last_image: str) -> dict[str, Any]:
        """Return the pod that kpack would make for the image of these manifests, and more."""
        argv = [str(self.cluster), str(manifests), revision, *last_image]
        made: dict[str, Any] = json.loads(output_of(argv, seconds=PHASE_SECONDS))
        return made

    def refuse(self, manifests: Path) -> str:
        """Return why kpack refuses manifests."""
        done = run([str(self.cluster), str(manifests), "main"], seconds=PHASE_SECONDS)
        assert done.returncode != 0
        return done.stderr


@pytest.fixture(scope="module")
def kpack() -> Kpack:
    """kpack's code at one version, compiled once for all sessions; skipped without its module."""
    if shutil.which("go") is None:
        pytest.skip("NOT TESTED with kpack: the go command is not on PATH")
    done = run(["go", "mod", "download", "-json", KPACK], seconds=COMPILE_SECONDS)
    module = json.loads(done.stdout)
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED with kpack: {module.get('Error', done.stderr)}")
    assert module["Sum"] == SUM, f"{KPACK} is not the module that was pinned"
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gobp/integration"
    key = hashlib.sha256(KPACK.encode() + DRIVER.read_bytes()).hexdigest()[:16]
    programs = base / f"kpack-{key}"
    if not programs.is_dir():
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=base) as work:
            compile_kpack(Path(module["Dir"]), Path(work)).rename(programs)
    return Kpack(programs / "gobp-kpack", programs / "build-init")


def compile_kpack(module: Path, work: Path) -> Path:
    """Compile our driver within kpack's module, and its own first container; return a folder."""
    sources, programs = work / "kpack", work / "programs"
    shutil.copytree(module, sources)
    subprocess.run(["chmod", "-R", "u+w", sources], check=True)
    (sources / "cmd/gobp-kpack").mkdir()
    shutil.copy(DRIVER, sources / "cmd/gobp-kpack")
    compiled = subprocess.run(
        ["go", "build", "-trimpath", "-o", f"{programs}/", "./cmd/gobp-kpack", "./cmd/build-init"],
        cwd=sources,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=COMPILE_SECONDS,
        check=False,
    )
    if compiled.returncode != 0 and "@v" in compiled.stderr:
        pytest.skip(f"NOT TESTED with kpack: a module is missing: {compiled.stderr[-500:]}")
    assert compiled.returncode == 0, compiled.stderr
    return programs


@dataclass(frozen=True)
class World:
    """What a cluster has around kpack: a registry with images, a git server, the manifests."""

    registry: str
    manifests: Path
    revision: str


@pytest.fixture(scope="module")
def world(
    docker: Docker, registry: str, dist: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Push the images that the examples name, serve the sample as git, and fill in the names."""
    publish(dist / "buildpack", f"{registry}/gobp/go:0.1.0", os.environ)
    for name in ("lab-build:bookworm", "lab-run:bookworm"):
        output_of(["docker", "tag", name, f"{registry}/{name}"])
        docker.adopt(f"{registry}/{name}")
        output_of(["docker", "push", f"{registry}/{name}"], seconds=PHASE_SECONDS)
    work = tmp_path_factory.mktemp("world")
    push_lifecycle(f"{registry}/buildpacksio/lifecycle:0.21.0", work)
    with served(work) as (address, revision):
        manifests = work / "manifests"
        manifests.mkdir()
        proxy = output_of(["go", "env", "GOPROXY"]).strip()
        for path in MANIFESTS.glob("*.yaml"):
            text = path.read_text().replace("registry.example.com", registry)
            text = text.replace("https://git.example.com/shop/web.git", address)
            text = text.replace("  username: ci\n  password: change-me\n", "")
            (manifests / path.name).write_text(text.replace("https://goproxy.example.com", proxy))
        yield World(registry, manifests, revision)


def push_lifecycle(name: str, work: Path) -> None:
    """Push the lab's lifecycle as its project publishes it: in the last layer, with its labels."""
    about = {
        "lifecycle": {"version": "0.21.0"},
        "api": {"buildpack": "0.7", "platform": "0.7"},
    }
    supported = [f"0.{minor}" for minor in range(7, 16)]
    apis = {
        "buildpack": {"deprecated": [], "supported": supported[:6]},
        "platform": {"deprecated": [], "supported": supported},
    }
    store = BlobStore(work / "lifecycle")
    home = "/cnb/lifecycle"
    tree = Path("/opt/cnb/lifecycle")
    layer = store_layer(store, entries_of_tree(tree, home, uid=0, gid=0, parents=parents_of(home)))
    labels = {
        "io.buildpacks.builder.metadata": json.dumps(about),
        "io.buildpacks.lifecycle.apis": json.dumps(apis),
        "io.buildpacks.lifecycle.version": "0.21.0",
    }
    config = ImageConfig("amd64", config=ContainerConfig(labels=labels))
    Registries(os.environ).push(Reference.parse(name), Image.of(config, [layer]))


@contextmanager
def served(work: Path) -> Iterator[tuple[str, str]]:
    """Serve the sample app by git; yield its address and revision."""
    app = shutil.copytree(ROOT / "samples/web", work / "git/web.git")
    identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"]
    by_revision = ["config", "uploadpack.allowAnySHA1InWant", "true"]  # as hosts of git allow
    commit = [*identity, "commit", "-q", "-m", "first"]
    for argv in (["init", "-q", "-b", "main"], by_revision, ["add", "--all"], commit):
        subprocess.run(["git", *argv], cwd=app, check=True, timeout=60)
    revision = output_of(["git", "-C", str(app), "rev-parse", "HEAD"]).strip()
    port = free_port()
    argv = ["git", "daemon", "--export-all", f"--base-path={work / 'git'}", "--listen=127.0.0.1"]
    server = subprocess.Popen([*argv, f"--port={port}", "--reuseaddr"], stderr=subprocess.DEVNULL)
    try:
        yield f"git://127.0.0.1:{port}/web.git", revision
    finally:
        server.terminate()
        server.wait(timeout=20)


@dataclass(frozen=True)
class Kubelet:
    """Runs the containers of a pod with docker, its volumes in a folder."""

    docker: Docker
    kpack: Kpack
    root: Path

    def run_pod(self, made: Mapping[str, Any]) -> dict[str, str]:
        """Run the init containers in their order; return what each said. All must succeed."""
        pod = made["Pod"]
        volumes = {each["name"]: self._volume(each, made) for each in pod["spec"]["volumes"]}
        said = {}
        for container in pod["spec"]["initContainers"]:
            done = run(self._argv(container, pod, volumes), seconds=PHASE_SECONDS)
            said[container["name"]] = done.stdout + done.stderr
            assert done.returncode == 0, f"{container['name']}: {said[container['name']]}"
        return said

    def _argv(
        self, container: Mapping[str, Any], pod: Mapping[str, Any], volumes: Mapping[str, Path]
    ) -> list[str]:
        user = pod["spec"]["securityContext"]
        argv = ["docker", "run", "--rm", "--network", "host", "--cap-drop", "ALL"]
        argv += ["--security-opt", "no-new-privileges"]
        argv += ["--user", f"{user['runAsUser']}:{user['runAsGroup']}"]
        argv += ["--group-add", str(user["fsGroup"])]
        for each in container.get("env") or []:
            argv += ["--env", f"{each['name']}={each.get('value', '')}"]
        for mount in container["volumeMounts"]:
            source = volumes[mount["name"]] / mount.get("subPath", "")
            mode = ":ro" if mount.get("readOnly") else ""
            argv += ["--volume", f"{source}:{mount['mountPath']}{mode}"]
        image = container.get("image", "")
        if container["name"] == "prepare":  # kpack's own image: its program in any other
            image = "lab-run:bookworm"
            argv += ["--volume", f"{self.kpack.build_init}:{container['command'][0]}:ro"]
        workdir = container.get("workingDir")
        argv += ["--workdir", workdir] if workdir else []
        return [*argv, "--entrypoint", container["command"][0], image, *container.get("args", [])]

    def _volume(self, volume: Mapping[str, Any], made: Mapping[str, Any]) -> Path:
        """Return the folder of a volume: claims stay, all others are made anew."""
        kind = "claims" if "persistentVolumeClaim" in volume else "volumes"
        path = self.root / kind / str(volume["name"])
        if kind == "volumes":
            shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True, exist_ok=True)
        if "secret" in volume:
            wanted = volume["secret"]["secretName"]
            (secret,) = [each for each in made["Secrets"] if each["metadata"]["name"] == wanted]
            mount_secret(secret["data"], path)
        # A volume belongs to the pod's group and is writable by it (fsGroup).
        subprocess.run(["chown", f"0:{USER}", path], check=True)
        path.chmod(0o2775)
        return path


def mount_secret(data: Mapping[str, str], path: Path) -> None:
    """Lay out a secret as a kubelet does: files in a dated folder, and links that lead there."""
    dated = path / "..2026_11_21"
    dated.mkdir()
    (path / "..data").symlink_to(dated.name)
    for key, value in data.items():
        (dated / key).write_bytes(base64.b64decode(value))
        (path / key).symlink_to(f"..data/{key}")


@pytest.fixture
def kubelet(docker: Docker, kpack: Kpack, tmp_path: Path) -> Kubelet:
    return Kubelet(docker, kpack, tmp_path)


def test_kpack_runs_the_example_from_git_to_a_web_server_and_again_from_its_cache(
    kubelet: Kubelet, world: World, docker: Docker
) -> None:
    first = kubelet.kpack.pod(world.manifests, world.revision)
    said = kubelet.run_pod(first)

    assert list(said) == PHASES
    assert [each["id"] for each in first["Builder"]["Buildpacks"]] == ["gobp/go"]
    assert platform_apis(first) == {"0.9"}
    assert "gobp/go 0.1.0" in said["detect"]
    assert "modules" in said["build"]  # the binding, by its name
    report = kubelet.root / "volumes/report-dir/report.toml"
    image = tomllib.loads(report.read_text())["image"]
    reference = f"{world.registry}/apps/web@{image['digest']}"

    output_of(["docker", "pull", "--quiet", reference])
    docker.adopt(reference)
    with docker.serve(reference) as server:
        assert server.get("/api/messages").json() == []
    labels = docker.labels(reference)
    assert labels["com.example.team"] == "shop"
    assert labels["org.opencontainers.image.revision"] == world.revision

    second = kubelet.kpack.pod(world.manifests, world.revision, reference)
    again = kubelet.run_pod(second)

    assert "Keeping the programs of the previous image" in again["build"], again["build"]
    assert tomllib.loads(report.read_text())["image"]["digest"] == image["digest"]


def platform_apis(made: Mapping[str, Any]) -> set[str]:
    """Return the Platform APIs that the containers of a pod ask for."""
    variables = [
        each for one in made["Pod"]["spec"]["initContainers"] for each in one.get("env") or []
    ]
    return {each["value"] for each in variables if each["name"] == "CNB_PLATFORM_API"}


def test_the_index_gives_kpack_the_layer_for_its_own_machines(world: World) -> None:
    name = Reference.parse(f"{world.registry}/gobp/go:0.1.0")

    image = Registries(os.environ).pull(name, Platform("linux", "amd64"))

    layers = json.loads(image.config.config.labels["io.buildpacks.buildpack.layers"])
    assert layers["gobp/go"]["0.1.0"]["layerDiffID"] == image.layers[0].diff_id


@pytest.mark.parametrize(
    ("of", "into", "reason"),
    [
        ("  tag: ", "  tags: ", 'unknown field "tags"'),
        ("kind: ClusterBuilder\n    name: go\n", "name: go\n", "spec.builder.kind"),
        ("- name: app-registry\nimage", "- name: modules\nimage", "forbidden secret"),
    ],
)
def test_kpack_refuses_mistakes_in_the_image(
    kpack: Kpack, world: World, tmp_path: Path, of: str, into: str, reason: str
) -> None:
    shutil.copytree(world.manifests, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "image.yaml").read_text()
    assert of in text
    (tmp_path / "image.yaml").write_text(text.replace(of, into))

    assert reason in kpack.refuse(tmp_path)
