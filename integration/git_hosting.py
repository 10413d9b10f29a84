"""Repositories of modules for tests, and a host on this machine that has them as real ones have."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from integration.private_servers import (
    Request,
    Site,
    git_site,
    make_certificates,
    private_server,
)

_FIRST_COMMIT = 1_600_000_000
_STEP = 3601


class GitRepository:
    """A repository under construction; each commit is an hour after the one before."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        self._time = _FIRST_COMMIT
        self.git("init", "-q", "-b", "main", f"--object-format={object_format}")

    def git(self, *arguments: str) -> str:
        """Run git in it, and return what it says."""
        time = f"{self._time} +0200"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": time,
            "GIT_COMMITTER_DATE": time,
        }
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.path, env=env, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str | None], *tags: str) -> str:
        """Commit files (None: removed), tag the commit, and return its hash."""
        for name, text in files.items():
            path = self.path / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self._time += _STEP
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", f"at {self._time}")
        for tag in tags:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")


@dataclass
class GitHost:
    """A host: where its repositories are, and what a client needs to reach it.

    ``roots`` are the go-import meta tags by import path; ``asked`` what was asked for so far.
    """

    repositories: Path
    roots: dict[str, str]
    env: dict[str, str]
    asked: list[str]
    authorization: str | None = None

    def publish(self, repository: GitRepository, name: str, prefix: str, folder: str = "") -> None:
        """Serve what a repository has now as ``https://<host>/<name>.git``."""
        target = self.repositories / f"{name}.git"
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            repository.git("push", "-q", "--mirror", str(target))
        else:
            repository.git("clone", "-q", "--mirror", ".", str(target))
        host = prefix.partition("/")[0]
        self.roots[prefix] = f"{prefix} git https://{host}/{name}.git {folder}".strip()

    def site(self, host: str) -> Site:
        """Return the pages and repositories of one of its names."""
        backend = git_site(self.authorization, host, self.repositories)

        def answer(request: Request) -> None:
            path, _, query = request.path.partition("?")
            self.asked.append(f"{request.command} {request.path}")
            if query != "go-get=1":
                repository = f"{path.partition('.git')[0]}.git".lstrip("/")
                if (self.repositories / repository).exists():
                    return backend.answer(request)
                return request.send(404, b"no such repository\n")
            module = f"{host}{path}".rstrip("/")
            matching = [tag for prefix, tag in self.roots.items() if is_below(module, prefix)]
            if not matching:
                return request.send(404, b"no such page\n")
            meta = f'<meta name="go-import" content="{matching[0]}">'
            return request.send(200, f"<html><head>{meta}</head></html>".encode(), "text/html")

        return Site(self.authorization, answer)


def is_below(module: str, prefix: str) -> bool:
    """Say whether a module path is a prefix or below it."""
    return f"{module}/".startswith(f"{prefix}/")


@contextlib.contextmanager
def git_host(folder: Path, *names: str, authorization: str | None = None) -> Iterator[GitHost]:
    """Run a host with these names for as long as the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    certificates = make_certificates(folder, names)
    with private_server(certificates) as (server, tunnel):
        authority = str(certificates.authority)
        env = {
            "PATH": os.environ["PATH"],
            "HTTPS_PROXY": tunnel,
            "HOME": str(folder / "home"),
            "SSL_CERT_FILE": authority,
            "GIT_SSL_CAINFO": authority,
        }
        host = GitHost(folder / "repositories", {}, env, [], authorization)
        host.repositories.mkdir(exist_ok=True)
        for name in names:
            server.sites[name] = host.site(name)
        yield host
