import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.cnb.phases import Target
from gobp.errors import UserError
from gobp.oci.image import ContainerConfig, Image, ImageConfig, Platform
from gobp.oci.layer_tar import write_layer
from gobp.oci.layout import write_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from gobp.platform.base import base_entries, find_loader
from gobp.platform.lifecycle_launcher import find_launcher
from gobp.platform.run_image import RunImage, find_run_image
from gobp.system.machine import machine_architecture
from tests.oci.fake_registry import FakeRegistry, serving
from tests.platform.platform_lab import PlatformLab, make_buildpack

FOREIGN = {"amd64": "arm64", "arm64": "amd64"}[machine_architecture()]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serving() as fake:
        yield fake


def test_a_published_image_is_the_previous_one_of_the_next_build(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    lab = PlatformLab.at(tmp_path)
    layer = (
        'mkdir -p "$CNB_LAYERS_DIR/x"\nprintf "[types]\\nlaunch = true" > "$CNB_LAYERS_DIR/x.toml"'
    )
    request = replace(
        lab.request(make_buildpack(tmp_path, build=layer)),
        image=f"{registry.address}/demo/app:v1",
        output=None,
        publish=True,
    )
    first = lab.create(request)

    second = lab.create(request)

    assert second.digest == first.digest
    assert second.where == (request.image,)
    assert "example/one:x" in second.reused
    pulled = Registries({}).pull(
        Reference.parse(request.image), Platform("linux", machine_architecture())
    )
    assert pulled.source_digest == first.digest


def test_a_run_image_gives_its_config_and_target(tmp_path: Path) -> None:
    lab = PlatformLab.at(tmp_path)
    container = ContainerConfig(
        env=("PATH=/only",),
        user="9:9",
        labels={"io.buildpacks.base.distro.name": "own", "kept": "yes"},
        other={"StopSignal": "SIGINT"},
    )
    image = Image.of(ImageConfig(machine_architecture(), config=container), [])
    write_layout(tmp_path / "run", image, reference="run")
    buildpack = make_buildpack(tmp_path, build=f"env > {tmp_path}/env")

    lab.create(replace(lab.request(buildpack), run_image=str(tmp_path / "run")))

    seen = (tmp_path / "env").read_text()
    assert "CNB_TARGET_DISTRO_NAME=own" in seen
    assert "CGO_ENABLED" not in seen
    config = lab.image.config.config
    assert config.user == "9:9"
    assert config.labels["kept"] == "yes"
    assert config.other == {"StopSignal": "SIGINT"}


def test_a_run_image_without_distribution_takes_this_machines() -> None:
    run_image = RunImage(Image.of(ImageConfig("amd64"), []), "example.com/run")
    host = Target("linux", "amd64", "", "debian", "12")

    assert run_image.target(host) == host


def test_a_run_image_for_another_platform_is_refused(tmp_path: Path) -> None:
    write_layout(tmp_path / "run", Image.of(ImageConfig("s390x"), []), reference="run")

    with pytest.raises(UserError, match="linux/amd64"):
        find_run_image(str(tmp_path / "run"), Platform("linux", "amd64"), Registries({}))


def test_the_base_image_is_the_same_each_time_and_has_what_go_programs_open() -> None:
    arch = machine_architecture()
    loader = find_loader(arch, [])
    entries = {entry.name: entry for entry in base_entries(loader, arch)}

    digests = {write_layer(io.BytesIO(), base_entries(loader, arch)).diff_id for _ in range(2)}

    assert len(digests) == 1
    assert entries["/tmp"].mode == 0o1777
    assert entries["/etc/ssl/certs/ca-certificates.crt"].content is not None
    assert entries["/home/cnb"].uid == 1000


def test_a_foreign_loader_comes_from_a_buildpack_or_the_error_names_the_places(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match=f"no dynamic loader for linux/{FOREIGN}") as error:
        find_loader(FOREIGN, [tmp_path])
    name = error.value.detail.rpartition("/")[2]
    place = tmp_path / "runtime" / FOREIGN / "lib" / name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"loader")

    assert find_loader(FOREIGN, [tmp_path]) == place
    assert "--run-image" in error.value.remedy


def test_a_launcher_is_found_in_a_lifecycles_folder_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "lifecycle").mkdir()
    (tmp_path / "lifecycle" / "launcher").write_bytes(b"program")
    (tmp_path / "lifecycle.toml").write_text(
        '[lifecycle]\nversion = "0.19.0"\n[apis.platform]\nsupported = ["0.7", "0.12", "0.13"]\n'
    )

    launcher = find_launcher(tmp_path)

    assert (launcher.version, launcher.platform_api) == ("0.19.0", "0.13")
    assert find_launcher(tmp_path / "lifecycle" / "launcher") == launcher


def test_a_lifecycle_of_another_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "launcher").write_bytes(b"program")
    (tmp_path / "lifecycle.toml").write_text('[apis.platform]\nsupported = ["0.3", "0.4"]\n')

    with pytest.raises(UserError, match=r"speaks Platform API 0\.3, 0\.4"):
        find_launcher(tmp_path)
    with pytest.raises(UserError, match="there is no launcher"):
        find_launcher(tmp_path / "nowhere")
