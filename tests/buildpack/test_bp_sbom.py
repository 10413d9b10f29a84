import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gobp.buildpack.sbom.build import build
from gobp.buildpack.sbom.config import read_config
from gobp.buildpack.sbom.detect import detect
from gobp.cnb.launch import Label
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.process import Captured
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.scripted_commands import ScriptedCommands

MIT = (Path(__file__).parents[1] / "sbom/licences/MIT.txt").read_text()
BSD = (Path(__file__).parents[1] / "sbom/licences/BSD-3-Clause.txt").read_text()
APP = {
    "go.mod": "module example.com/app\n\ngo 1.26\n\nrequire example.com/x v1.0.0\n",
    "go.sum": "example.com/x v1.0.0 h1:eA==\nexample.com/x v1.0.0/go.mod h1:bW9k\n",
}
SAID = """\
bin/web: go1.26.8
\tpath\texample.com/app
\tmod\texample.com/app\t(devel)\t
\tdep\texample.com/x\tv1.0.0
"""
FORMATS = ("application/vnd.cyclonedx+json", "application/spdx+json")
GO = {
    "id": "go",
    "version": "1.26.8",
    "arch": "amd64",
    "uri": "https://go.dev/dl/go1.26.8.linux-amd64.tar.gz",
    "checksum": "sha256:" + "ab" * 32,
    "module-hash": "h1:Z28=",
}


def a_built_app(
    root: Path,
    *,
    said: str = SAID,
    files: Mapping[str, str] = APP,
    env: Mapping[str, str] | None = None,
    formats: tuple[str, ...] = FORMATS,
    go: Mapping[str, str] = GO,
    debug: bool = False,
) -> ABuild:
    """Return a build in which go-build has made bin/web."""
    commands = ScriptedCommands(
        {
            ("go", "version", "-m"): Captured(0, said, ""),
            ("go", "env", "GOMODCACHE"): Captured(0, f"{root / 'modules'}\n", ""),
        }
    )
    made = a_build(
        root,
        files=files,
        env=env,
        commands=commands,
        debug=debug,
        metadata={"dependencies": [{**GO, "version": "1.25.1"}, dict(go)]},
    )
    (root / "buildpack").mkdir()
    (root / "buildpack/buildpack.toml").write_text(
        'api = "0.10"\n[buildpack]\nid = "gobp/go"\nversion = "1.2.3"\n'
        f"sbom-formats = {list(formats)}\n"
    )
    (root / "layers/targets/bin").mkdir(parents=True)
    (root / "layers/targets/bin/web").write_bytes(b"program")
    return made


def bill(root: Path, name: str = "targets") -> Any:
    return json.loads((root / "layers" / f"{name}.sbom.cdx.json").read_text())


def component(root: Path, name: str, of: str = "targets") -> Any:
    (found,) = [each for each in bill(root, of)["components"] if each["name"] == name]
    return found


def licences(root: Path, name: str) -> list[str]:
    return [each["license"]["id"] for each in component(root, name).get("licenses", [])]


def properties(root: Path, name: str) -> dict[str, str]:
    listed = component(root, name).get("properties", [])
    return {each["name"]: each["value"] for each in listed}


def test_the_programs_and_go_have_a_bill_in_each_format_that_is_declared(tmp_path: Path) -> None:
    made = a_built_app(tmp_path)

    launch = build(made.context)

    assert launch.labels == ()
    assert sorted(path.name for path in (tmp_path / "layers").glob("*.sbom.*")) == [
        "build.sbom.cdx.json",
        "build.sbom.spdx.json",
        "targets.sbom.cdx.json",
        "targets.sbom.spdx.json",
    ]
    names = [each["name"] for each in bill(tmp_path)["components"]]
    assert names == ["bin/web", "example.com/app", "example.com/x", "stdlib"]


def test_a_program_is_known_by_its_hash_and_the_bill_by_the_version_of_gobp(tmp_path: Path) -> None:
    build(a_built_app(tmp_path).context)

    (found,) = component(tmp_path, "bin/web")["hashes"]
    assert found == {"alg": "SHA-256", "content": hashlib.sha256(b"program").hexdigest()}
    (tool,) = bill(tmp_path)["metadata"]["tools"]["components"]
    assert (tool["name"], tool["version"]) == ("gobp", "1.2.3")


def test_hashes_come_from_go_sum_where_programs_have_none(tmp_path: Path) -> None:
    build(a_built_app(tmp_path).context)

    assert properties(tmp_path, "example.com/x") == {"gobp:go:h1": "h1:eA=="}


def test_a_licence_is_read_in_the_vendor_folder(tmp_path: Path) -> None:
    files = {**APP, "vendor/example.com/x/LICENSE": MIT}

    build(a_built_app(tmp_path, files=files).context)

    assert licences(tmp_path, "example.com/x") == ["MIT"]


def test_a_licence_is_read_in_the_module_cache(tmp_path: Path) -> None:
    made = a_built_app(tmp_path, said=SAID.replace("example.com/x", "example.com/X"))
    folder = tmp_path / "modules/example.com/!x@v1.0.0"
    folder.mkdir(parents=True)
    (folder / "LICENSE.txt").write_text(MIT)
    (folder / "COPYING").write_text(BSD)

    build(made.context)

    assert licences(tmp_path, "example.com/X") == ["BSD-3-Clause", "MIT"]


def test_a_licence_is_read_in_the_zip_of_a_module_that_was_not_unpacked(tmp_path: Path) -> None:
    made = a_built_app(tmp_path, said=SAID.replace("example.com/x", "example.com/X"))
    folder = tmp_path / "modules/cache/download/example.com/!x/@v"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "v1.0.0.zip", "w") as archive:
        archive.writestr("example.com/X@v1.0.0/LICENSE", MIT)
        archive.writestr("example.com/X@v1.0.0/inside/LICENSE", BSD)

    build(made.context)

    assert licences(tmp_path, "example.com/X") == ["MIT"]


def test_a_licence_is_read_in_the_folder_that_replaces_a_module(tmp_path: Path) -> None:
    files = {**APP, "local/LICENSE": MIT}

    build(a_built_app(tmp_path, files=files, said=f"{SAID}\t=>\t./local\t(devel)\t\n").context)

    assert licences(tmp_path, "example.com/x") == ["MIT"]


def test_the_apps_own_licence_is_its_modules(tmp_path: Path) -> None:
    build(a_built_app(tmp_path, files={**APP, "LICENSE": BSD}).context)

    assert licences(tmp_path, "example.com/app") == ["BSD-3-Clause"]


def test_the_modules_of_a_workspace_have_their_own_licences_and_hashes(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.26\n\nuse (\n\t./app\n\t./lib\n)\n",
        "app/go.mod": "module example.com/app\n",
        "app/go.sum": APP["go.sum"],
        "app/LICENSE": MIT,
        "lib/go.mod": "module example.com/lib\n",
        "lib/LICENSE": BSD,
    }
    said = f"{SAID}\tdep\texample.com/lib\t(devel)\t\n"

    build(a_built_app(tmp_path, files=files, said=said).context)

    assert licences(tmp_path, "example.com/app") == ["MIT"]
    assert licences(tmp_path, "example.com/lib") == ["BSD-3-Clause"]
    assert properties(tmp_path, "example.com/x") == {"gobp:go:h1": "h1:eA=="}


def test_a_module_whose_licence_no_file_tells_has_none(tmp_path: Path) -> None:
    files = {**APP, "vendor/example.com/x/LICENSE": "All rights reserved.\n"}

    build(a_built_app(tmp_path, files=files).context)

    assert licences(tmp_path, "example.com/x") == []


def test_a_go_that_was_installed_has_its_bill_beside_its_layer(tmp_path: Path) -> None:
    made = a_built_app(tmp_path)
    layer = made.context.layers.layer("go-sdk")
    layer.reset()
    made.context.layers.contribute(layer, LayerTypes(build=True))

    build(made.context)

    go = component(tmp_path, "Go", of="go-sdk")
    assert (go["version"], go["cpe"]) == ("1.26.8", "cpe:2.3:a:golang:go:1.26.8:-:*:*:*:*:*:*")
    (reference,) = go["externalReferences"]
    assert reference["url"] == GO["uri"]
    assert reference["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert not (tmp_path / "layers/build.sbom.cdx.json").exists()


def test_a_go_layer_that_was_restored_but_not_used_has_no_bill(tmp_path: Path) -> None:
    made = a_built_app(tmp_path)
    (tmp_path / "layers/go-sdk.toml").write_text('[metadata]\ngo = "1.25.1"\n')
    (tmp_path / "layers/go-sdk.sbom.cdx.json").write_text("{}")

    build(made.context)

    assert not (tmp_path / "layers/go-sdk.sbom.cdx.json").exists()
    assert "externalReferences" not in component(tmp_path, "Go", of="build")


def test_a_go_from_a_file_of_the_package_names_no_place(tmp_path: Path) -> None:
    made = a_built_app(tmp_path, go={**GO, "uri": "file:///dependencies/go.tar.gz"})
    layer = made.context.layers.layer("go-sdk")
    layer.reset()
    made.context.layers.contribute(layer, LayerTypes(build=True))

    build(made.context)

    assert "externalReferences" not in component(tmp_path, "Go", of="go-sdk")


@pytest.mark.parametrize(("value", "off"), [("true", True), ("1", True), ("false", False)])
def test_bills_can_be_switched_off_and_the_image_says_so(
    tmp_path: Path,
    value: str,
    off: bool,  # noqa: FBT001 # a table
) -> None:
    made = a_built_app(tmp_path, env={"BP_DISABLE_SBOM": value})
    (tmp_path / "layers/go-sdk.sbom.spdx.json").write_text("{}")

    launch = build(made.context)

    assert launch.labels == ((Label("io.paketo.sbom.disabled", "true"),) if off else ())
    assert bool(list((tmp_path / "layers").glob("*.sbom.*"))) is not off


@pytest.mark.parametrize("said", ["", "bin/web: go1.26.8\n\tnews\tof go 1.40\n"])
def test_programs_that_cannot_be_read_do_not_fail_the_build(tmp_path: Path, said: str) -> None:
    made = a_built_app(tmp_path, said=said)

    build(made.context)

    assert "Warning: " in made.said.getvalue()
    assert not list((tmp_path / "layers").glob("*.sbom.*"))


def test_a_program_without_modules_is_named_in_the_log(tmp_path: Path) -> None:
    files = {"main.go": "package main\n"}
    made = a_built_app(tmp_path, files=files, said="bin/web: go1.26.8\n\tpath\texample.com/app\n")

    build(made.context)

    assert "bin/web was built without modules" in made.said.getvalue()
    assert [each["name"] for each in bill(tmp_path)["components"]] == [
        "bin/web",
        "example.com/app",
        "stdlib",
    ]


def test_the_log_names_formats_only_where_it_is_to_say_more(tmp_path: Path) -> None:
    made = a_built_app(tmp_path, debug=True)

    build(made.context)

    said = made.said.getvalue()
    assert said.startswith(
        f"  Generating SBOM for {tmp_path}/layers/targets/bin\n      Completed in"
    )
    assert (
        "  Writing SBOM in the following format(s):\n    application/vnd.cyclonedx+json\n" in said
    )


@pytest.mark.parametrize("epoch", ["yesterday", "-1", "1.5", "123456789012", "１"])  # noqa: RUF001 # digits that are not ASCII
def test_a_time_that_is_none_is_told_in_detect(tmp_path: Path, epoch: str) -> None:
    context = a_build(tmp_path, env={"SOURCE_DATE_EPOCH": epoch}).context

    with pytest.raises(UserError, match="SOURCE_DATE_EPOCH"):
        detect(context.facts)


def test_a_time_that_is_given_is_in_the_documents(tmp_path: Path) -> None:
    made = a_built_app(tmp_path, env={"SOURCE_DATE_EPOCH": "99999999999"})

    build(made.context)

    assert read_config(made.context.facts).epoch == 99_999_999_999
    assert bill(tmp_path)["metadata"]["timestamp"] == "5138-11-16T09:46:39Z"
