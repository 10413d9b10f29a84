"""The real lifecycle's creator without Docker, and its images started by the real launcher.

Both run in a private mount namespace where /layers and /workspace (and /cnb for the launcher) are
the test's folders, so that they see the paths an image has.
"""

import json
import os
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from gobp.oci.blobs import BlobStore
from gobp.oci.image import ContainerConfig, History, Image, ImageConfig
from gobp.oci.layer_tar import Entry, store_layer
from gobp.oci.layout import read_layout, write_layout
from gobp.platform.unpack import unpack
from integration.docker import free_port, run

LIFECYCLE = Path("/opt/cnb/lifecycle")
USER = 1000
RUN_IMAGE = "example.com/run:latest"
APP_IMAGE = "example.com/app:v1"
PATH = "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"
SECONDS = 600
UNSHARE = "/usr/bin/unshare"
_WAIT_SECONDS = 20
_MOUNTED = ("/layers", "/workspace", "/cnb")


def missing() -> str:
    """Say what running the creator lacks on this machine, "" for nothing."""
    if not (LIFECYCLE / "lifecycle").is_file():
        return f"no lifecycle in {LIFECYCLE}: run /work/shared/tools/install.sh or the like"
    if os.geteuid() != 0:
        return "mounting /layers needs root"
    probe = run(["unshare", "-m", "true"])
    return "" if probe.returncode == 0 else "unshare -m is not allowed here"


@dataclass(frozen=True)
class Created:
    """An image that the creator made, and all that it wrote."""

    image: Image
    root: Path
    log: str

    @property
    def layers(self) -> Path:
        """The layers directory as the build left it."""
        return self.root / "layers"

    @property
    def digest(self) -> str:
        """The digest of the image's manifest."""
        index = json.loads((self.root / "layout/example.com/app/v1/index.json").read_text())
        return str(index["manifests"][0]["digest"])

    def label(self, name: str) -> Any:
        """Return a label that holds JSON."""
        return json.loads(self.image.config.config.labels[name])

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return the processes by type, as metadata.toml has them."""
        document = tomllib.loads((self.layers / "config/metadata.toml").read_text())
        return {process["type"]: process for process in document["processes"]}

    def default(self) -> str:
        """Return the type of the default process."""
        entrypoint = self.image.config.config.entrypoint
        assert len(entrypoint) == 1, entrypoint
        return Path(entrypoint[0]).name

    def sha_of(self, layer: str) -> str:
        """Return the diff id of a launch layer."""
        for buildpack in self.label("io.buildpacks.lifecycle.metadata")["buildpacks"]:
            if layer in buildpack["layers"]:
                return str(buildpack["layers"][layer]["sha"])
        raise AssertionError(f"the image has no layer {layer}")

    def files(self) -> Path:
        """Unpack the image, once, and return its root."""
        root = self.root / "image"
        if not root.is_dir():
            root.mkdir()
            unpack(self.image.layers, root, below=_MOUNTED, links_to=Path("/"))
        return root

    def sbom(self, where: str) -> dict[str, Any]:
        """Return one SBOM: ``launch/gobp_go/targets/sbom.cdx.json``; build's are in layers/."""
        phase = where.partition("/")[0]
        root = self.files() / "layers" if phase == "launch" else self.layers
        found: dict[str, Any] = json.loads((root / "sbom" / where).read_text())
        return found

    def output(self, process: str = "", *arguments: str, **env: str) -> str:
        """Run a process to its end and return what it wrote."""
        with self.start(process, *arguments, **env) as started:
            text, _ = started.communicate(timeout=SECONDS)
        assert started.returncode == 0, text
        return text

    @contextmanager
    def serve(self, process: str = "", **env: str) -> Iterator[str]:
        """Start a process that listens on PORT; yield its URL."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with self.start(process, PORT=str(port), **env) as started:
            try:
                _wait_for(url, started)
                yield url
            finally:
                started.terminate()

    def start(self, process: str, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """Start a process as the image does: by the launcher, with the image's environment."""
        root = self.files()
        config = self.image.config.config
        mounts = " && ".join(f"mount --bind {root}{path} {path}" for path in _MOUNTED)
        script = (
            f"{mounts} && cd {config.working_dir or '/'} && "
            f'exec setpriv --reuid={USER} --regid={USER} --clear-groups "$@"'
        )
        for path in _MOUNTED:
            Path(path).mkdir(exist_ok=True)
        settings = dict(text.partition("=")[::2] for text in config.env)
        return subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script, "sh", *self._entry(process), *arguments],
            env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", **settings, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _entry(self, process: str) -> tuple[str, ...]:
        return (f"/cnb/process/{process}",) if process else self.image.config.config.entrypoint


def _wait_for(url: str, started: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end and started.poll() is None:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    started.kill()
    output, _ = started.communicate()
    raise AssertionError(f"nothing answers at {url}:\n{output}")


@dataclass
class Creator:
    """The creator with a cache and a previous image of its own; ``root`` holds all it makes.

    ``prefix`` is put before its command (``unshare -n``), ``path`` is the build image's PATH, and
    with ``read_only`` the buildpacks lie where nobody can write.
    """

    root: Path
    buildpacks: Sequence[Path]
    env: Mapping[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()
    path: str = PATH
    read_only: bool = False

    def create(
        self,
        app: Path,
        env: Mapping[str, str] | None = None,
        bindings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Created:
        """Build a copy of an app; it must succeed. ``bindings`` are files by binding's name."""
        done = self.attempt(app, env, bindings)
        assert done.returncode == 0, done.stdout
        image = read_layout(self.root / "layout/example.com/app/v1")
        shutil.rmtree(self.root / "image", ignore_errors=True)
        return Created(image, self.root, done.stdout)

    def attempt(
        self,
        app: Path,
        env: Mapping[str, str] | None = None,
        bindings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Build a copy of an app, well or not; stdout holds all that was written."""
        self.prepare(app, env, bindings)
        return self.run()

    def run(self) -> "subprocess.CompletedProcess[str]":
        """Run the creator on what was prepared, and nothing else."""
        work = self.root
        argv = [
            str(work / "lifecycle/creator"),
            *("-layout", "-layout-dir", str(work / "layout"), "-app", "/workspace"),
            *("-buildpacks", str(work / "buildpacks"), "-layers", "/layers"),
            *("-platform", str(work / "platform"), "-order", str(work / "order.toml")),
            *("-run", str(work / "run.toml"), "-cache-dir", str(work / "cache")),
            *("-launcher", str(LIFECYCLE / "launcher"), "-no-color"),
            *("-run-image", RUN_IMAGE, APP_IMAGE),
        ]
        folders = {"/layers": work / "layers", "/workspace": work / "workspace"}
        mounts = [f"/bin/mount --bind {folder} {place}" for place, folder in folders.items()]
        script = " && ".join([*mounts, *self._sealed(), 'cd / && exec "$@"'])
        settings = {"PATH": self.path, "CNB_PLATFORM_API": "0.15", "CNB_EXPERIMENTAL_MODE": "warn"}
        settings |= {"HOME": "/tmp", "CNB_USER_ID": str(USER), "CNB_GROUP_ID": str(USER)}
        return subprocess.run(
            [UNSHARE, "-m", "/bin/sh", "-c", script, "sh", *self.prefix, *argv],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _sealed(self) -> list[str]:
        """Return the commands that make the buildpacks read-only."""
        if not self.read_only:
            return []
        folder = self.root / "buildpacks"
        return [f"/bin/mount --bind {folder} {folder}", f"/bin/mount -o remount,bind,ro {folder}"]

    def prepare(
        self,
        app: Path,
        env: Mapping[str, str] | None = None,
        bindings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Copy the app, and write all that the creator reads."""
        work = self.root
        for name in ("layers", "workspace", "platform"):
            shutil.rmtree(work / name, ignore_errors=True)
        for name in ("layers", "lifecycle", "cache", "platform/env"):
            (work / name).mkdir(parents=True, exist_ok=True)
        for name in ("/layers", "/workspace"):
            Path(name).mkdir(exist_ok=True)
        shutil.copytree(app, work / "workspace", symlinks=True)
        put_files(work / "platform/env", {**self.env, **(env or {})})
        for binding, entries in (bindings or {}).items():
            put_files(work / "platform/bindings" / binding, entries)
        run_image = work / "layout/example.com/run/latest"
        if not run_image.is_dir():
            write_run_image(run_image)
        (work / "run.toml").write_text(f'[[images]]\nimage = "{RUN_IMAGE}"\n')
        program = work / "lifecycle/creator"
        program.unlink(missing_ok=True)
        program.symlink_to(LIFECYCLE / "lifecycle")
        (work / "order.toml").write_text(self._place_buildpacks())
        subprocess.run(["chown", "-R", f"{USER}:{USER}", work], check=True)
        for folder in [work, *work.parents][:4]:
            folder.chmod(folder.stat().st_mode | 0o755)

    def _place_buildpacks(self) -> str:
        """Copy the buildpacks to where the creator looks for them; return the order."""
        order = ["[[order]]"]
        for buildpack in self.buildpacks:
            info = tomllib.loads((buildpack / "buildpack.toml").read_text())["buildpack"]
            place = self.root / "buildpacks" / info["id"].replace("/", "_") / info["version"]
            if not place.is_dir():
                shutil.copytree(buildpack, place, symlinks=True)
            order += ["[[order.group]]", f'id = "{info["id"]}"', f'version = "{info["version"]}"']
        return "\n".join(order)


def put_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files of these names below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def write_run_image(place: Path) -> None:
    """Write a run image that holds next to nothing as an OCI layout."""
    store = BlobStore(place.parent / "blobs")
    layer = store_layer(store, [Entry.directory("/etc"), Entry.file("/etc/hostname", b"run\n")])
    config = ImageConfig(
        "amd64",
        config=ContainerConfig(
            env=("PATH=/usr/bin:/bin", "KEPT=yes"),
            user=f"{USER}:{USER}",
            labels={
                "io.buildpacks.base.distro.name": "debian",
                "io.buildpacks.base.distro.version": "12",
                "org.example.inherited": "kept",
            },
        ),
        history=(History("a run image"),),
    )
    write_layout(place, Image.of(config, [layer]), reference="latest")
    shutil.rmtree(place.parent / "blobs")
