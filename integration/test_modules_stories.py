"""What the module proxy exists for, told with the real go command.

The other stories are with their parts: two entries and a login in test_modules_access.py, a tree in
git in test_modules_published.py, credentials in containers in test_modules_builds.py.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from integration.git_hosting import GitRepository, git_host
from integration.go_env import go_env
from integration.misbehaving_upstream import drop_by_drop, slowly, upstream_server
from integration.module_servers import running

BIG = "example.com/slow/large"
HOST = "git.corp.example"
PRIVATE = f"{HOST}/team/lib"


def started(folder: Path, proxy: str, module: str) -> "subprocess.Popen[bytes]":
    """Start a download of a module, with empty caches; what go says is in ``folder / said``."""
    folder.mkdir()
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            ["go", "mod", "download", "-x", module],
            cwd=folder,
            env=go_env(folder, proxy, GONOSUMDB="*"),
            stderr=said,
        )


def test_who_left_while_a_slow_module_came_finds_it_ready(tmp_path: Path) -> None:
    settings = {"sums": {"database": "off"}}
    with upstream_server() as upstream:
        upstream.usually = slowly(2)
        zip_path = f"{BIG}/@v/v1.1.0.zip"
        upstream.next_answers[zip_path] = [slowly(3, drop_by_drop(6))]
        with running({**settings, "upstream": {"proxies": upstream.url}}, tmp_path) as server:
            impatient = started(tmp_path / "impatient", server.url, f"{BIG}@v1.1.0")
            while not upstream.asked[zip_path]:
                time.sleep(0.1)
            impatient.send_signal(signal.SIGKILL)
            impatient.wait()
            patient = started(tmp_path / "patient", server.url, f"{BIG}@v1.1.0")
            assert patient.wait(timeout=60) == 0, (tmp_path / "patient/said").read_text()
            log = server.logged()

    assert upstream.asked[zip_path] == 1
    assert not [line for line in log.splitlines() if f"GET /{zip_path} 5" in line], log


def test_an_app_builds_when_the_repository_of_its_dependency_is_deleted(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "work")
    files = {"go.mod": f"module {PRIVATE}\n\ngo 1.21\n", "lib.go": "package lib\n\nconst N = 7\n"}
    repository.commit(files, "v1.0.0")
    app = tmp_path / "app"
    app.mkdir()
    (app / "go.mod").write_text("module example.com/app\n\ngo 1.21\n")
    source = f'package main\n\nimport "{PRIVATE}"\n\nfunc main() {{ println(lib.N) }}\n'
    (app / "main.go").write_text(source)
    rule = {"modules": HOST, "private": True, "upstream": "direct"}
    settings = {"upstream": {"proxies": "off"}, "sums": {"database": "off"}, "rules": [rule]}
    with git_host(tmp_path / "host", HOST) as host:
        host.publish(repository, "team/lib", PRIVATE)
        with running(settings, tmp_path / "server", env=host.env) as server:
            build(app, tmp_path / "first", server.url, "get", f"{PRIVATE}@latest")
        shutil.rmtree(host.repositories)
        shutil.rmtree(tmp_path / "server/root/vcs")
        host.roots.clear()
        with running(settings, tmp_path / "server", env=host.env) as server:
            build(app, tmp_path / "second", server.url, "mod", "download")
            build(app, tmp_path / "second", server.url, "build", ".")
            build(app, tmp_path / "second", server.url, "get", "-u", f"{PRIVATE}@latest")

    assert f"{PRIVATE} v1.0.0" in (app / "go.mod").read_text()


def build(app: Path, folder: Path, proxy: str, *arguments: str) -> None:
    """Run go in the app; it must succeed."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["go", *arguments],
        cwd=app,
        env=go_env(folder, proxy, GONOSUMDB="*"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
