"""What is known of this machine."""

import os

_GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def machine_architecture() -> str:
    """Return this machine's architecture by Go's name, such as ``amd64``."""
    machine = os.uname().machine
    return _GO_NAMES.get(machine, machine)
