"""Docker as the integration tests need it: run, look inside, and remove what was made here."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

SECONDS = 120
HTTP_ATTEMPTS = 60
HTTP_PAUSE = 0.25
APP_PORT = 8080


def run(argv: Sequence[str], *, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its output is text, its status is the caller's business."""
    return subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)


def output_of(argv: Sequence[str], *, seconds: float = SECONDS) -> str:
    """Return what a command wrote to stdout; it must succeed."""
    done = run(argv, seconds=seconds)
    assert done.returncode == 0, f"{' '.join(argv)}: status {done.returncode}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Server:
    """A running container that answers HTTP at ``url``."""

    container: str
    url: str

    def get(self, path: str = "/") -> requests.Response:
        """GET a path, waiting a bounded time for the server to listen."""
        return self.request("GET", path)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request, again while the connection is refused; options go to requests."""
        for _ in range(HTTP_ATTEMPTS):
            try:
                return requests.request(method, self.url + path, timeout=10, **options)
            except requests.ConnectionError:
                if not self.is_running():
                    break
                time.sleep(HTTP_PAUSE)
        raise AssertionError(f"{method} {path} got no answer; the container said:\n{self.log()}")

    def is_running(self) -> bool:
        """Tell whether the container's process is alive."""
        state = output_of(["docker", "inspect", "-f", "{{.State.Running}}", self.container])
        return state.strip() == "true"

    def log(self) -> str:
        """Return what the container wrote so far, stdout and stderr."""
        done = run(["docker", "logs", self.container])
        return done.stdout + done.stderr

    def stop(self) -> int:
        """Send SIGTERM, wait at most ten seconds, return the exit status."""
        output_of(["docker", "stop", "--time", "10", self.container])
        status = output_of(["docker", "inspect", "-f", "{{.State.ExitCode}}", self.container])
        return int(status)


@dataclass(frozen=True, slots=True)
class Docker:
    """The docker command, remembering the images that a test session made.

    ``prefix`` is unique to the session and starts the name of all its images and volumes.
    """

    prefix: str
    _images: set[str] = field(default_factory=set)
    _image_ids: set[str] = field(default_factory=set)

    def name(self, name: str) -> str:
        """Return an image name of this session; pack names its cache volumes after it."""
        return f"{self.prefix}-{name}"

    def adopt(self, image: str) -> str:
        """Note an image made by this session, to be removed with it; return its id."""
        image_id = str(self.inspect(image)["Id"])
        self._images.add(image)
        self._image_ids.add(image_id)
        return image_id

    def inspect(self, image: str) -> dict[str, Any]:
        """Return the image's description as ``docker image inspect`` gives it."""
        found: list[dict[str, Any]] = json.loads(output_of(["docker", "image", "inspect", image]))
        return found[0]

    def config(self, image: str) -> dict[str, Any]:
        """Return the image's OCI config: Env, Labels, User, Entrypoint, WorkingDir."""
        config: dict[str, Any] = self.inspect(image)["Config"]
        return config

    def labels(self, image: str) -> dict[str, str]:
        """Return the image's labels."""
        labels: dict[str, str] = self.config(image)["Labels"]
        return labels

    def label(self, image: str, name: str) -> Any:
        """Return a label that holds JSON, parsed."""
        return json.loads(self.labels(image)[name])

    def output(
        self,
        image: str,
        *arguments: str,
        entrypoint: str = "",
        env: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> str:
        """Run a container to its end; return stdout and stderr. It must exit with ``status``."""
        argv = ["docker", "run", "--rm", "--network", "none"]
        argv += [flag for key, value in (env or {}).items() for flag in ("--env", f"{key}={value}")]
        argv += ["--entrypoint", entrypoint] if entrypoint else []
        done = run([*argv, image, *arguments])
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{image} ended with status {done.returncode}:\n{said}"
        return said

    def shell(self, image: str, script: str, *, env: Mapping[str, str] | None = None) -> str:
        """Run a shell script in the environment that the launcher gives to processes."""
        return self.output(image, "--", "sh", "-c", script, entrypoint="launcher", env=env)

    @contextmanager
    def serve(
        self, image: str, *, process: str = "", env: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """Run a container in the background with its port published; it is removed after."""
        port = free_port()
        argv = ["docker", "run", "--detach", "--publish", f"127.0.0.1:{port}:{APP_PORT}"]
        settings = {"PORT": str(APP_PORT), **(env or {})}
        argv += [flag for key, value in settings.items() for flag in ("--env", f"{key}={value}")]
        argv += ["--entrypoint", process] if process else []
        container = output_of([*argv, image]).strip()
        try:
            yield Server(container, f"http://127.0.0.1:{port}")
        finally:
            run(["docker", "rm", "--force", "--volumes", container])

    def remove_all(self) -> None:
        """Remove this session's images and volumes, and nobody else's.

        Equal builds have equal ids, so an id is removed only once no name is left on it.
        """
        for image in sorted(self._images):
            run(["docker", "image", "rm", image])
        for image_id in sorted(self._image_ids):
            names = run(["docker", "image", "inspect", "-f", "{{len .RepoTags}}", image_id])
            if names.returncode == 0 and names.stdout.strip() == "0":
                run(["docker", "image", "rm", image_id])
        listed = output_of(["docker", "volume", "ls", "--quiet", "--filter", f"name={self.prefix}"])
        for volume in listed.split():
            run(["docker", "volume", "rm", volume])
