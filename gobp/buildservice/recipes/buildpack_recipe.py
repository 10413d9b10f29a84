"""The recipe ``buildpack``: gobp's own buildpack and platform make an OCI image.

Both run in the sandbox, as a source's project.toml may ask for steps that run its code.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

import gobp
from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import Order
from gobp.buildservice.recipes.recipe import Product, RecipeError
from gobp.buildservice.recipes.workplace import OUT, SOURCE, Workplace
from gobp.golang.module import executable_name

_ROOT = Path(gobp.__file__).resolve().parents[1]
# Not the rest of a clone, in which anything may be; runtime has loaders of other architectures.
_PARTS = ("gobp", "bin", "buildpack.toml", "runtime")
_CERTIFICATES = Path("/etc/ssl/certs")  # of which the image gets a copy
_SYSTEM = Path("/usr")  # every sandbox has it
_IMAGE = "image.tar"
_LONGEST_TAG = 128


def make_image(place: Workplace) -> Product:
    """Build an image in a workplace. Raises RecipeError."""
    place = replace(place, tools=_python_mounts())
    order = place.work.order
    argv = [
        *(sys.executable, "-B", "-m", "gobp", "build", place.within(SOURCE)),
        *("--tag", image_name(order.source.name, place.work.pin.version)),
        *("--output", place.within(f"{OUT}/{_IMAGE}")),
        *("--target", f"{order.target.goos}/{order.target.goarch}"),
        *("--cache-dir", place.within("home/gobp"), "--no-module-proxy"),
        *(word for name, value in _variables(order, place).items() for word in _env(name, value)),
    ]
    path = f"{Path(sys.executable).parent}:{place.environment()['PATH']}"
    status = place.run(argv, {"PATH": path, "PYTHONPATH": str(_ROOT), "GOFLAGS": ""})
    if status != 0:
        raise RecipeError(State.FAILED, f"the buildpack ended with exit status {status}")
    image = place.out / _IMAGE
    if image.is_symlink() or not image.is_file():
        raise RecipeError(State.FAILED, "the buildpack made no image")
    kept = image.rename(place.product / _IMAGE)
    return Product(
        folder=place.product,
        files=(_IMAGE,),
        modules=tuple(sorted(place.modules)),
        go=place.toolchain.version,
        image=kept,
    )


def image_name(source: str, version: str) -> str:
    """Return the name of an image: the last part of its source's, and a tag for its version.

    What a reference may not have in it becomes ``-`` or ``_``. Source: the OCI distribution
    specification, "Pulling manifests".
    """
    name = re.sub(r"[^a-z0-9]+", "-", executable_name(source).lower()).strip("-") or "app"
    tag = re.sub(r"[^A-Za-z0-9_.-]", "_", version)[:_LONGEST_TAG].lstrip(".-") or "latest"
    return f"{name}:{tag}"


def _python_mounts() -> dict[Path, str]:
    """Return what commands need to run gobp: it, this Python, its packages; all read-only."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix)} - {_SYSTEM}
    paths = [*(_ROOT / part for part in _PARTS), *prefixes, _CERTIFICATES]
    return {path: str(path) for path in paths if path.exists()}


def _variables(order: Order, place: Workplace) -> dict[str, str]:
    variables = {"BP_GO_VERSION": place.toolchain.version}
    if order.package:
        variables["BP_GO_TARGETS"] = order.package
    if order.ldflags:
        variables["BP_GO_BUILD_LDFLAGS"] = order.ldflags
    if order.tags:
        tags = ",".join(order.tags)
        variables["BP_GO_BUILD_FLAGS"] = f"-buildmode=pie -trimpath -tags={tags}"
    return variables


def _env(name: str, value: str) -> tuple[str, str]:
    return "--env", f"{name}={value}"
