"""The processes of a server of a test: its workers, and the end of all of them."""

import os
import signal
from pathlib import Path

from integration.module_servers import ModuleServer


def workers_of(server: ModuleServer) -> list[int]:
    """Return the process ids of a server's workers."""
    main = server.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text()
    return [
        int(child)
        for child in children.split()
        if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def kill_all(server: ModuleServer) -> None:
    """Kill the main process and all its workers, at once."""
    for worker in workers_of(server):
        os.kill(worker, signal.SIGKILL)
    server.process.kill()
    server.process.wait()
