"""The facts of a phase: variables of the platform, bindings in every layout, the target."""

import json
import os
from pathlib import Path

import pytest

from gobp.buildpack.facts import read_facts
from gobp.cnb.bindings import Binding
from gobp.cnb.phases import Target
from gobp.errors import UserError
from gobp.system.machine import machine_architecture

AMD64 = Target("linux", "amd64")


def put(root: Path, **files: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def bindings(platform: Path, **env: str) -> tuple[Binding, ...]:
    return read_facts(platform, platform, AMD64, env).bindings


def test_variables_of_the_platform_are_its_files_without_hidden_ones(tmp_path: Path) -> None:
    put(tmp_path / "env", BPE_X=" v\n", **{".hidden": "x"})
    (tmp_path / "env/folder").mkdir()

    facts = read_facts(tmp_path, tmp_path, AMD64, {"A": "b"})

    assert facts.platform_env == {"BPE_X": " v\n"}


def test_variables_that_a_platform_keeps_in_its_files_count_behind_the_environment(
    tmp_path: Path,
) -> None:
    put(tmp_path / "env", BP_GO_TARGETS="cmd/web", PATH="/theirs", BROKEN="a\0b")

    facts = read_facts(tmp_path, tmp_path, AMD64, {"PATH": "/bin"})

    assert facts.env == {"BP_GO_TARGETS": "cmd/web", "PATH": "/bin"}


def test_a_platform_without_files_gives_no_facts(tmp_path: Path) -> None:
    facts = read_facts(tmp_path, tmp_path / "nowhere", AMD64, {})

    assert (facts.platform_env, facts.bindings) == ({}, ())


def test_bytes_that_are_not_utf_8_are_kept(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env/X").write_bytes(b"\xff")

    value = read_facts(tmp_path, tmp_path, AMD64, {}).platform_env["X"]

    assert value.encode("utf-8", "surrogateescape") == b"\xff"


def test_a_target_without_architecture_is_this_machine(tmp_path: Path) -> None:
    facts = read_facts(tmp_path, tmp_path, Target("", ""), {})

    assert (facts.target.os, facts.target.arch) == ("linux", machine_architecture())
    assert read_facts(tmp_path, tmp_path, Target("linux", "riscv64"), {}).target.arch == "riscv64"


EXPECTED = Binding("netrc", "ca", "acme", {"key": "secret"})


def test_a_binding_as_kubernetes_lays_it_out(tmp_path: Path) -> None:
    folder = tmp_path / "bindings/netrc"
    data = put(folder / "..2026_01_01", type="ca\n", provider="acme", key="secret\n")
    (folder / "..data").symlink_to(data.name)
    for name in ("type", "provider", "key"):
        (folder / name).symlink_to(f"..data/{name}")

    (found,) = bindings(tmp_path)

    assert (found.name, found.type, found.provider) == ("netrc", "ca", "acme")
    assert found.secrets == {"key": "secret"}
    assert found.path == str(folder)


def test_a_binding_in_the_older_layout(tmp_path: Path) -> None:
    put(tmp_path / "bindings/netrc/metadata", kind="ca", provider="acme")
    put(tmp_path / "bindings/netrc/secret", key="secret")

    (found,) = bindings(tmp_path)

    assert (found.type, found.provider, found.secrets) == ("ca", "acme", {"key": "secret"})


@pytest.mark.parametrize("name", ["SERVICE_BINDING_ROOT", "CNB_BINDINGS"])
def test_a_variable_names_the_folder_of_the_bindings(tmp_path: Path, name: str) -> None:
    put(tmp_path / "elsewhere/b", type="x")
    put(tmp_path / "bindings/a", type="y")

    assert [b.name for b in bindings(tmp_path, **{name: str(tmp_path / "elsewhere")})] == ["b"]


def test_cloud_foundry_names_its_bindings_in_a_variable(tmp_path: Path) -> None:
    services = {"ca": [{"name": "netrc", "credentials": {"key": "secret", "provider": "acme"}}]}

    assert bindings(tmp_path, VCAP_SERVICES=json.dumps(services)) == (EXPECTED,)


def test_files_beside_bindings_and_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "bindings", README="x")
    put(tmp_path / "bindings/.git", config="x")
    put(tmp_path / "bindings/b", type="x")

    assert [binding.name for binding in bindings(tmp_path)] == ["b"]


def test_a_binding_without_type_is_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path / "bindings/broken", key="x")

    with pytest.raises(UserError, match="the binding broken"):
        bindings(tmp_path)


def test_a_file_too_large_for_a_secret_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "bindings/b", type="x", key="x" * (1024 * 1024 + 1))

    with pytest.raises(UserError, match=r"bindings/b/key is larger than 1024 KiB"):
        bindings(tmp_path)


def test_a_pipe_among_the_secrets_does_not_hang_the_build(tmp_path: Path) -> None:
    put(tmp_path / "bindings/b", type="x")
    os.mkfifo(tmp_path / "bindings/b/pipe")

    assert bindings(tmp_path)[0].secrets == {}


def test_secrets_do_not_show_in_a_repr(tmp_path: Path) -> None:
    put(tmp_path / "bindings/b", type="x", key="hunter2")

    assert "hunter2" not in repr(read_facts(tmp_path, tmp_path, AMD64, {}))
