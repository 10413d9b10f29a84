"""Plain web servers in front of files, as a team may have them already."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.conftest import wait_for
from integration.docker import free_port

_CONFIG = """
daemon off;
worker_processes 1;
pid {work}/pid;
error_log {work}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""


@contextmanager
def nginx(root: Path, work: Path, *, server: str = "") -> Iterator[str]:
    """Serve a folder (or what ``server`` says, the inside of a server block); yield the URL."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    work.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = work / "nginx.conf"
    inside = server or f"root {root};\n    location /.gobp/ {{ return 404; }}"
    config.write_text(f"user root;\n{_CONFIG.format(work=work, port=port, server=inside)}")
    process = subprocess.Popen([program, "-c", config, "-p", work], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
