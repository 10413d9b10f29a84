"""The real tools: pack, the lifecycle and a builder image without Python, found or started.

The lab is ``shared/tools`` beside the repository: ``install.sh`` unpacks the tools into
``/opt/cnb`` (or ``GOBP_TOOLS``), ``lab.sh`` makes the images. It needs root and Debian.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.docker import Docker, output_of, run

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT.parent / "shared/tools"
TOOLS = Path(os.environ.get("GOBP_TOOLS", "/opt/cnb"))
BUILDER = "lab-builder:bookworm"
RUN_IMAGE = "lab-run:bookworm"
START_SECONDS = 900
BUILD_SECONDS = 600


class LabUnavailable(Exception):  # noqa: N818 - a reason to skip, not an error
    """The lab can be neither found nor started; the text says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """A buildpack as a user gives it to pack: an argument, seen from a directory."""

    argument: str
    directory: Path


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: an image by name and id, and pack's log."""

    image: str
    image_id: str
    log: str


@dataclass(frozen=True, slots=True)
class Pack:
    """``pack build`` with a home and caches of its own."""

    docker: Docker
    home: Path
    proxy: str

    def build(
        self,
        name: str,
        app: Path,
        buildpack: Given,
        *,
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> Built:
        """Build a copy of ``app`` into the image ``name``; it must succeed.

        The same name shares its cache with earlier builds of the session.
        """
        image = self.docker.name(name)
        done = self._run(image, app, buildpack, env or {}, options)
        assert done.returncode == 0, f"pack build {name} failed:\n{done.stdout}"
        return Built(image, self.docker.adopt(image), done.stdout)

    def fail(
        self, name: str, app: Path, buildpack: Given, *, env: Mapping[str, str] | None = None
    ) -> str:
        """Build a copy of ``app``, which must not succeed; return the log."""
        done = self._run(self.docker.name(name), app, buildpack, env or {}, ())
        assert done.returncode != 0, f"pack build {name} should have failed:\n{done.stdout}"
        return done.stdout

    def publish(self, reference: str, app: Path, buildpack: Given, *, run_image: str) -> str:
        """Build a copy of ``app`` straight into a registry; return the log."""
        options = ["--publish", "--run-image", run_image]
        done = self._run(reference, app, buildpack, {}, options)
        assert done.returncode == 0, f"pack build --publish failed:\n{done.stdout}"
        return done.stdout

    def _run(
        self,
        image: str,
        app: Path,
        buildpack: Given,
        env: Mapping[str, str],
        options: Sequence[str],
    ) -> subprocess.CompletedProcess[str]:
        """Run pack on a copy of the app, in a directory made for this build alone."""
        settings = {"GOPROXY": self.proxy, **env}
        with tempfile.TemporaryDirectory(prefix="gobp-app-") as work:
            copy = Path(work) / "app"
            shutil.copytree(app, copy, symlinks=True)
            argv = [str(TOOLS / "bin/pack"), "build", image, "--path", str(copy), "--no-color"]
            argv += ["--builder", BUILDER, "--buildpack", buildpack.argument]
            argv += ["--pull-policy", "never", "--trust-builder", "--trust-extra-buildpacks"]
            argv += ["--network", "host"]
            argv += [part for key in settings for part in ("--env", f"{key}={settings[key]}")]
            return subprocess.run(
                [*argv, *options],
                cwd=buildpack.directory,
                env={
                    **os.environ,
                    "PACK_HOME": str(self.home),
                    "PACK_VOLUME_KEY": self.docker.prefix,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )


def ensure_tools() -> None:
    """Unpack pack and the lifecycle unless they are there."""
    if not (TOOLS / "bin/pack").exists() or not (TOOLS / "lifecycle/lifecycle").exists():
        _run_script("install.sh", str(TOOLS))


def ensure_lab() -> None:
    """Find the tools, dockerd and the builder image, or start them."""
    ensure_tools()
    if shutil.which("docker") is None or not _has_images():
        _run_script("lab.sh", str(TOOLS))
    if not _has_images():
        raise LabUnavailable(f"lab.sh ended well but docker has no {BUILDER} and {RUN_IMAGE}")


def go_proxy() -> str:
    """Return the module proxies that the go command here is configured to use."""
    if shutil.which("go") is None:
        raise LabUnavailable("the go command, which names the module proxy, is not on PATH")
    return output_of(["go", "env", "GOPROXY"]).strip()


def _has_images() -> bool:
    return run(["docker", "image", "inspect", BUILDER, RUN_IMAGE]).returncode == 0


def _run_script(name: str, *arguments: str) -> None:
    script = SCRIPTS / name
    for missing, is_missing in (
        (f"{script} is not there", not script.exists()),
        ("this is not root", os.geteuid() != 0),
        ("this is not Debian (no apt-get)", shutil.which("apt-get") is None),
    ):
        if is_missing:
            raise LabUnavailable(f"the lab is not set up, and it cannot be started: {missing}")
    with tempfile.TemporaryFile("w+") as log:
        # A file, not a pipe: dockerd outlives the script and would keep a pipe open.
        status = subprocess.run(
            ["sh", script, *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=START_SECONDS,
            check=False,
        ).returncode
        log.seek(0)
        if status != 0:
            raise LabUnavailable(f"{script} ended with status {status}: {log.read()[-2000:]}")
