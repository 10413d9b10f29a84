import json
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.oci.archive import read_archive
from gobp.platform.failure import PhaseFailed
from gobp.platform.launcher import open_image, prepare_launch
from tests.platform.platform_lab import PATH, PlatformLab, make_buildpack

WEB = """
mkdir -p "$CNB_LAYERS_DIR/app/bin"
printf '#!/bin/sh\\necho web\\n' > "$CNB_LAYERS_DIR/app/bin/web"
chmod 755 "$CNB_LAYERS_DIR/app/bin/web"
printf '[types]\\nlaunch = true\\n' > "$CNB_LAYERS_DIR/app.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["%s"]\\ndefault = true\\n' \\
  "$CNB_LAYERS_DIR/app/bin/web" > "$CNB_LAYERS_DIR/launch.toml"
"""
CACHED = """
mkdir -p "$CNB_LAYERS_DIR/kept"
ls "$CNB_LAYERS_DIR/kept" | tr '\\n' ' ' > "$CNB_LAYERS_DIR/kept/../seen"
touch "$CNB_LAYERS_DIR/kept/$STEP"
printf '[types]\\ncache = true\\n' > "$CNB_LAYERS_DIR/kept.toml"
cp "$CNB_LAYERS_DIR/seen" "$DUMP"
[ -z "${FAIL:-}" ] || exit 3
"""


@pytest.fixture
def lab(tmp_path: Path) -> PlatformLab:
    return PlatformLab.at(tmp_path)


def test_an_image_without_launcher_starts_the_process_itself(lab: PlatformLab) -> None:
    outcome = lab.build(make_buildpack(lab.root, build=WEB))

    config = lab.image.config.config
    assert config.entrypoint == ("/layers/example_one/app/bin/web",)
    assert config.labels["gobp.launcher"] == "none"
    assert config.user == "1000:1000"
    assert "PATH=/layers/example_one/app/bin:/usr/local/sbin" in config.env[0]
    assert outcome.default_process == "web"
    assert list(outcome.durations) == [
        *("analyzing", "detecting", "restoring"),
        *("building", "exporting", "caching"),
    ]


def test_two_builds_of_one_app_in_other_folders_give_the_same_digest(lab: PlatformLab) -> None:
    buildpack = make_buildpack(lab.root, build=WEB + 'echo "$PWD" > where.txt')
    first = lab.build(buildpack)
    (lab.root / "app").rename(lab.root / "elsewhere")
    (lab.root / "elsewhere").chmod(0o700)

    second = lab.create(replace(lab.request(buildpack), app=lab.root / "elsewhere"))

    assert second.digest == first.digest


def test_unchanged_layers_are_reused_and_their_blobs_not_written(lab: PlatformLab) -> None:
    buildpack = make_buildpack(lab.root, build=WEB)
    lab.build(buildpack)
    blobs = {path: path.stat().st_ino for path in (lab.root / "image/blobs/sha256").iterdir()}
    (lab.root / "app" / "new.txt").write_text("new\n")

    outcome = lab.build(buildpack)

    assert outcome.reused == ("example/one:app", "SBOM")
    after = {path: path.stat().st_ino for path in (lab.root / "image/blobs/sha256").iterdir()}
    assert len(after) == len(blobs)  # the old app layer, config and manifest are gone
    assert sum(blobs.get(path) == inode for path, inode in after.items()) == 3


def test_a_launch_layer_without_content_is_taken_from_the_previous_image(lab: PlatformLab) -> None:
    lab.build(make_buildpack(lab.root, build=WEB))
    only_metadata = 'rm -rf "$CNB_LAYERS_DIR/app"; ' + WEB.split("chmod 755")[1].split("\n", 1)[1]

    outcome = lab.build(make_buildpack(lab.root, build=only_metadata))

    assert "example/one:app" in outcome.reused
    assert "PATH=/layers/example_one/app/bin:/usr/local/sbin" in lab.image.config.config.env[0]


def test_a_launch_layer_that_is_nowhere_is_an_export_failure(lab: PlatformLab) -> None:
    script = "printf '[types]\\nlaunch = true\\n' > \"$CNB_LAYERS_DIR/app.toml\""

    with pytest.raises(PhaseFailed, match="example/one:app has no content") as failure:
        lab.build(make_buildpack(lab.root, build=script))

    assert failure.value.exit_status == 62


def test_a_failed_build_leaves_the_cache_as_it_was(lab: PlatformLab) -> None:
    buildpack, dump = make_buildpack(lab.root, build=CACHED), str(lab.root / "dump")
    lab.build(buildpack, env={"STEP": "one", "DUMP": dump})

    with pytest.raises(PhaseFailed, match="exit status 3") as failure:
        lab.build(buildpack, env={"STEP": "two", "DUMP": dump, "FAIL": "yes"})
    lab.build(buildpack, env={"STEP": "three", "DUMP": dump})

    assert failure.value.exit_status == 51
    assert Path(dump).read_text() == "one "


def test_a_cached_file_that_a_failed_build_wrote_into_is_not_used_again(lab: PlatformLab) -> None:
    script = CACHED.replace(
        'touch "$CNB_LAYERS_DIR/kept/$STEP"', 'echo $STEP > "$CNB_LAYERS_DIR/kept/file"'
    )
    buildpack, dump = make_buildpack(lab.root, build=script), str(lab.root / "dump")
    lab.build(buildpack, env={"STEP": "one", "DUMP": dump})

    with pytest.raises(PhaseFailed):
        lab.build(buildpack, env={"STEP": "two", "DUMP": dump, "FAIL": "yes"})
    lab.build(buildpack, env={"STEP": "three", "DUMP": dump})

    assert Path(dump).read_text() == ""
    assert "Dropping example/one:kept from the cache: it has changed" in lab.log.getvalue()


def test_clear_cache_forgets_layers(lab: PlatformLab) -> None:
    buildpack, dump = make_buildpack(lab.root, build=CACHED), str(lab.root / "dump")
    env = {"STEP": "one", "DUMP": dump}
    lab.build(buildpack, env=env)

    lab.create(replace(lab.request(buildpack), env=env, clear_cache=True))

    assert Path(dump).read_text() == ""


@pytest.mark.parametrize(
    ("detect", "status", "said"),
    [
        ("echo no go.mod here; exit 100", 20, "no go.mod here"),
        ("echo broken; exit 7", 21, "exit status 7"),
        ('printf \'[[requires]]\\nname = "x"\\n\' > "$CNB_BUILD_PLAN_PATH"', 20, "requires x"),
        ("echo '= no toml' > \"$CNB_BUILD_PLAN_PATH\"", 21, "is not valid TOML"),
    ],
)
def test_detection_that_fails_says_what_each_buildpack_said(
    lab: PlatformLab, detect: str, status: int, said: str
) -> None:
    with pytest.raises(PhaseFailed) as failure:
        lab.build(make_buildpack(lab.root, detect=detect))

    assert failure.value.exit_status == status
    assert said in failure.value.detail


def test_an_order_runs_its_components_and_leaves_optional_ones_out(lab: PlatformLab) -> None:
    one = make_buildpack(lab.root, "example/one", detect="exit 100")
    two = make_buildpack(lab.root, "example/two", build=WEB)
    order = lab.root / "order"
    order.mkdir()
    (order / "buildpack.toml").write_text(
        'api = "0.10"\n[buildpack]\nid = "example/all"\nversion = "1.0.0"\n[[order]]\n'
        '[[order.group]]\nid = "example/one"\nversion = "1.0.0"\noptional = true\n'
        '[[order.group]]\nid = "example/two"\nversion = "1.0.0"\n'
    )

    outcome = lab.build(order, one, two)

    assert "example/two" in (outcome.layers_dir / "group.toml").read_text()
    assert "example/one" not in (outcome.layers_dir / "group.toml").read_text()


def test_a_required_buildpack_for_another_target_fails_detection(lab: PlatformLab) -> None:
    targets = '[[targets]]\nos = "windows"\narch = "amd64"'

    with pytest.raises(PhaseFailed) as failure:
        lab.build(make_buildpack(lab.root, more=targets))

    assert "it is for windows/amd64" in failure.value.detail


def test_buildpacks_see_only_the_environment_of_the_specification(lab: PlatformLab) -> None:
    buildpack = make_buildpack(lab.root, build=f"env > {lab.root}/env.txt")

    lab.create(
        replace(lab.request(buildpack), env={"GIVEN": "yes", "PATH": "/first"}),
        {"PATH": PATH, "LANG": "C", "SECRET": "x", "NO_PROXY": "a", "HOME": "/root"},
    )

    seen = dict(line.split("=", 1) for line in (lab.root / "env.txt").read_text().splitlines())
    assert seen["GIVEN"] == "yes"
    assert seen["PATH"] == f"/first:{PATH}"
    assert seen["NO_PROXY"] == "a"
    assert seen["CGO_ENABLED"] == "0"
    assert seen["HOME"] != "/root"
    assert not {"LANG", "SECRET"} & seen.keys()


def test_bindings_are_private_and_gone_after_the_build(lab: PlatformLab) -> None:
    secret = lab.root / "secret"
    secret.mkdir()
    (secret / "type").write_text("netrc\n")
    (secret / "netrc").write_text("password")
    buildpack = make_buildpack(
        lab.root,
        build='cd "$CNB_PLATFORM_DIR/bindings"'
        f' && stat -c "%a %n" . git git/netrc > {lab.root}/modes'
        f" && cat git/netrc > {lab.root}/copy",
    )

    lab.create(replace(lab.request(buildpack), bindings={"git": secret}))

    assert (lab.root / "modes").read_text() == "700 .\n700 git\n600 git/netrc\n"
    assert (lab.root / "copy").read_text() == "password"
    assert not any(path.endswith("bindings/git/netrc") for path in lab.files())


def test_project_toml_decides_what_is_copied_and_adds_variables(lab: PlatformLab) -> None:
    (lab.root / "app" / "project.toml").write_text(
        '[_]\nschema-version = "0.2"\n[io.buildpacks]\nexclude = ["*.log"]\n'
        '[[io.buildpacks.build.env]]\nname = "FROM_PROJECT"\nvalue = "yes"\n'
    )
    (lab.root / "app" / "noise.log").write_text("noise")
    script = f'ls > {lab.root}/seen && echo "$FROM_PROJECT" >> {lab.root}/seen'

    lab.build(make_buildpack(lab.root, build=script))

    assert (lab.root / "seen").read_text() == "main.txt\nproject.toml\nyes\n"


def test_a_program_that_needs_libc_is_refused_on_the_embedded_base(lab: PlatformLab) -> None:
    script = WEB.replace("chmod 755", 'cp /bin/ls "$CNB_LAYERS_DIR/app/bin/web"\nchmod 755')

    with pytest.raises(PhaseFailed, match=r"libc\.so\.6") as failure:
        lab.build(make_buildpack(lab.root, build=script))

    assert "--run-image" in failure.value.remedy


def test_a_shell_process_is_refused_without_a_launcher(lab: PlatformLab) -> None:
    script = WEB.replace('["%s"]', '"%s"').replace(
        "default = true", "default = true\\ndirect = false"
    )
    buildpack = make_buildpack(lab.root, build=script)
    document = (buildpack / "buildpack.toml").read_text().replace('"0.10"', '"0.8"')
    (buildpack / "buildpack.toml").write_text(document)

    with pytest.raises(PhaseFailed, match="runs in a shell, which needs a launcher"):
        lab.build(buildpack)


def test_a_file_with_the_path_of_its_build_is_named(lab: PlatformLab) -> None:
    lab.build(make_buildpack(lab.root, build=WEB + 'echo "$PWD" > "$CNB_LAYERS_DIR/app/config"'))

    assert "/layers/example_one/app/config holds the path of its build" in lab.log.getvalue()


def test_an_archive_holds_the_same_image_as_a_layout(lab: PlatformLab) -> None:
    buildpack = make_buildpack(lab.root, build=WEB)
    layout = lab.build(buildpack)

    archive = lab.create(replace(lab.request(buildpack), output=lab.root / "image.tar"))

    assert archive.digest == layout.digest
    assert read_archive(lab.root / "image.tar").config == lab.image.config


def test_builds_of_one_image_wait_for_each_other(lab: PlatformLab) -> None:
    script = f"mkdir {lab.root}/alone; sleep 0.2; rmdir {lab.root}/alone"
    buildpack = make_buildpack(lab.root, build=script)
    failures: list[BaseException] = []

    def build() -> None:
        try:
            lab.build(buildpack)
        except BaseException as error:  # noqa: BLE001 # any failure of a thread fails the test
            failures.append(error)

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_a_process_of_the_image_runs_on_this_machine(lab: PlatformLab) -> None:
    lab.build(make_buildpack(lab.root, build=WEB))

    root, metadata = open_image(lab.root / "image", lab.root / "unpacked")
    launch = prepare_launch(root, metadata, "", ("--more",), {"PATH": PATH, "CNB_APP_DIR": "/x"})

    assert launch.argv == (f"{root}/layers/example_one/app/bin/web", "--more")
    assert launch.env["PATH"] == f"{root}/layers/example_one/app/bin:{PATH}"
    assert "CNB_APP_DIR" not in launch.env
    assert launch.directory == root / "workspace"
    assert os.access(launch.argv[0], os.X_OK)


def test_a_request_without_output_is_refused(lab: PlatformLab) -> None:
    request = replace(lab.request(make_buildpack(lab.root)), output=None)

    with pytest.raises(UserError, match="is to go nowhere"):
        lab.create(request)


def test_the_label_has_what_the_next_build_needs(lab: PlatformLab) -> None:
    store = 'printf \'[metadata]\\nkey = "value"\\n\' > "$CNB_LAYERS_DIR/store.toml"'
    lab.build(make_buildpack(lab.root, build=WEB + store))
    shutil.rmtree(lab.root / "cache")

    seen = lab.root / "seen"
    lab.build(make_buildpack(lab.root, build=f'cat "$CNB_LAYERS_DIR/store.toml" > {seen}'))

    assert 'key = "value"' in seen.read_text()
    labels = lab.image.config.config.labels
    assert json.loads(labels["io.buildpacks.project.metadata"]) == {}


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_an_app_that_is_no_folder_is_refused(lab: PlatformLab, name: str) -> None:
    (lab.root / "file").write_text("")
    request = replace(lab.request(make_buildpack(lab.root)), app=lab.root / name)

    with pytest.raises(UserError, match="there is no app folder"):
        lab.create(request)


def test_a_run_process_gets_what_exec_d_says_for_its_type(
    lab: PlatformLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.root)  # so that it is left again: exec.d runs in the app's folder
    script = (
        WEB
        + """
mkdir -p "$CNB_LAYERS_DIR/app/exec.d/web" "$CNB_LAYERS_DIR/app/exec.d/other"
for place in . web other; do
  printf '#!/bin/sh\\necho "FROM_%s = \\"$PWD\\"" >&3\\n' "$(basename $place | tr . x)" \\
    > "$CNB_LAYERS_DIR/app/exec.d/$place/run"
  chmod 755 "$CNB_LAYERS_DIR/app/exec.d/$place/run"
done
"""
    )
    lab.build(make_buildpack(lab.root, build=script))

    root, metadata = open_image(lab.root / "image", lab.root / "unpacked")
    launch = prepare_launch(root, metadata, "web", (), {"PATH": PATH})

    app = str(root / "workspace")
    assert (launch.env["FROM_x"], launch.env["FROM_web"]) == (app, app)
    assert "FROM_other" not in launch.env
