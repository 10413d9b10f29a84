"""Apps, bindings and variables made to do harm: built or refused, and nothing else happens.

Archives that lead out or swell are in tests/system/test_archive.py, TOML that nests too deeply in
tests/cnb/test_cnb_toml.py, images that lead out in tests/platform/test_unpack.py.
"""

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from integration.by_hand import APP, MAIN, MODULE, Done, Workbench


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A build whose compile cache the others start with, as a second build of an image does."""
    warm = Workbench(tmp_path_factory.mktemp("warm"))
    done = warm.build(APP)
    assert done.status == 0, done.output
    warm.restore()
    return warm


@pytest.fixture
def bench(warm: Workbench, tmp_path: Path) -> Workbench:
    shutil.copytree(warm.layers, tmp_path / "layers")
    return Workbench(tmp_path)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no build may read or change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious.txt").write_text("precious content")
    return folder


def launch(bench: Workbench) -> dict[str, Any]:
    return tomllib.loads((bench.layers / "launch.toml").read_text())


def assert_sane(done: Done) -> None:
    """A build that worked, or one that says what to do."""
    assert "Traceback" not in done.output
    assert done.status in {0, 1, 100}
    assert done.status != 1 or "To fix it: " in done.output, done.output


def run_on(bench: Workbench, **env: str) -> Done:
    """Detect and build what lies in the app's folder, as it lies there."""
    detected = bench.run("detect", **env)
    return detected if detected.status else bench.run("build", **env)


@pytest.mark.parametrize(
    "line",
    [
        'web: app"\n[[labels]]\nkey="injected"\nvalue="1',
        "web: app '''\n[[processes]]\ntype = \"injected\"",
        "web: app\n\n[[labels]]\nkey = 'injected'",
        'a"b: app',
        "web: app \x1b[31mred",
        "web: app \0 x",
    ],
)
def test_a_procfile_cannot_write_launch_toml(bench: Workbench, line: str) -> None:
    done = bench.build({**APP, "Procfile": line})

    assert_sane(done)
    if done.status == 0:
        described = launch(bench)
        assert "labels" not in described
        assert {process["type"] for process in described["processes"]} <= {"web", "app"}


@pytest.mark.parametrize(
    "value",
    [
        'a=b"\n[[processes]]\ntype="injected"\ncommand=["x"]',
        "a='b\n[[processes]]\ntype = \"injected\"'",
        '"io.buildpacks.build.metadata"="{}"',
        "a=\\u0000",
    ],
)
def test_labels_cannot_write_launch_toml(bench: Workbench, value: str) -> None:
    done = bench.build(APP, BP_IMAGE_LABELS=value, BP_OCI_TITLE='t"\n[[processes]]')

    assert_sane(done)
    if done.status == 0:
        types = {process["type"] for process in launch(bench)["processes"]}
        assert types == {"web", "app"}


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/app",
        "/absolute",
        "a/../../b",
        'a"\nb',
        "example.com/\x1b[31mred",
        "example.com/-flag",
        "example.com/.hidden",
        "example.com/" + "x" * 300,
        "example.com/a b",
        "con",
        "{{.Name}}",
        "%s%n",
    ],
)
def test_a_module_path_stays_a_name(bench: Workbench, name: str) -> None:
    before = sorted(path.name for path in bench.root.parent.iterdir())

    done = bench.build({"go.mod": f"module {name}\n\ngo 1.26\n", "main.go": MAIN})

    assert_sane(done)
    assert sorted(path.name for path in bench.root.parent.iterdir()) == before
    if done.status == 0:
        programs = bench.layers / "targets/bin"
        for process in launch(bench)["processes"]:
            assert Path(process["command"][0]).parent == programs


def test_links_that_lead_out_of_the_app_are_removed_and_not_followed(
    bench: Workbench, outside: Path
) -> None:
    bench.put(APP)
    (bench.app / "assets").symlink_to(outside)
    (bench.app / "precious").symlink_to(outside / "precious.txt")
    (bench.app / "cmd").symlink_to("/")

    done = run_on(bench)

    assert done.status == 0, done.output
    assert (outside / "precious.txt").read_text() == "precious content"
    assert [*bench.app.iterdir()] == []


def test_a_link_to_keep_is_kept_as_a_link(bench: Workbench, outside: Path) -> None:
    bench.put(APP)
    (bench.app / "assets").symlink_to(outside)

    done = run_on(bench, BP_KEEP_FILES="assets/**")

    assert done.status == 0, done.output
    assert (outside / "precious.txt").exists()
    assert not [path for path in bench.app.rglob("*") if not path.is_symlink()]


def test_a_vendor_folder_that_is_a_link_harms_nothing_outside(
    bench: Workbench, outside: Path
) -> None:
    bench.put(APP)
    (bench.app / "vendor").symlink_to(outside)

    done = run_on(bench)

    assert_sane(done)
    assert [path.name for path in outside.iterdir()] == ["precious.txt"]


def test_an_app_before_modules_with_links_is_copied_without_following_them(
    bench: Workbench, outside: Path
) -> None:
    bench.put({"main.go": MAIN})
    (bench.app / "loop").symlink_to(bench.app)
    (bench.app / "out").symlink_to(outside)

    done = run_on(bench)

    assert done.status == 0, done.output
    assert (outside / "precious.txt").exists()


@pytest.mark.parametrize(
    "name", ["go.mod", "go.work", "Procfile", ".go-version", "main.go", ".git", "Gopkg.toml"]
)
def test_a_pipe_in_place_of_a_file_does_not_hang_the_build(bench: Workbench, name: str) -> None:
    bench.put({"go.mod": MODULE, "main.go": MAIN})
    (bench.app / name).unlink(missing_ok=True)
    os.mkfifo(bench.app / name)

    assert_sane(run_on(bench))


@pytest.mark.parametrize("name", [".git/HEAD", "vendor/modules.txt", "go.mod"])
def test_an_endless_file_is_not_read_to_its_end(bench: Workbench, name: str) -> None:
    bench.put({"go.mod": MODULE, "main.go": MAIN})
    path = bench.app / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")

    assert_sane(run_on(bench))


class TestBindings:
    """``<platform>/bindings`` is the user's to fill, and Kubernetes'."""

    def bind(self, bench: Workbench, name: str, **entries: str) -> Path:
        folder = bench.root / "platform/bindings" / name
        folder.mkdir(parents=True)
        for entry, text in entries.items():
            (folder / entry).write_text(text)
        return folder

    @pytest.mark.parametrize(
        "name", ["with space", "quo'te\"", "new\nline", "$(touch pwned)", "-rf", "ünï", "a" * 200]
    )
    def test_a_surprising_name_is_only_a_name(self, bench: Workbench, name: str) -> None:
        bench.put(APP)
        credentials = "username=u\npassword=hidden-value\n"
        self.bind(bench, name, type="git-credentials", credentials=credentials)

        done = run_on(bench)

        assert done.status == 0, done.output
        assert "hidden-value" not in done.output
        assert not [*bench.root.rglob("pwned")]

    def test_a_pipe_a_folder_and_a_link_out_among_the_entries_do_no_harm(
        self, bench: Workbench, outside: Path
    ) -> None:
        bench.put(APP)
        folder = self.bind(
            bench, "odd", type="netrc", netrc="machine example.com login a password b\n"
        )
        os.mkfifo(folder / "pipe")
        (folder / "deep/deeper").mkdir(parents=True)
        (folder / "linked").symlink_to(outside / "precious.txt")
        (folder / "dangling").symlink_to("nowhere")

        done = run_on(bench)

        assert_sane(done)
        assert "precious content" not in done.output

    def test_an_entry_of_gigabytes_is_refused_by_name(self, bench: Workbench) -> None:
        bench.put(APP)
        folder = self.bind(bench, "huge", type="netrc")
        with (folder / "netrc").open("wb") as file:
            file.truncate(8 * 1024**3)

        done = run_on(bench)

        assert done.status == 1
        assert "huge/netrc is larger than" in done.output

    def test_an_entry_that_is_no_text_does_no_harm(self, bench: Workbench) -> None:
        bench.put(APP)
        folder = self.bind(bench, "binary", type="ca-certificates")
        (folder / "cert.pem").write_bytes(bytes(range(256)))

        assert_sane(run_on(bench))

    def test_a_folder_without_type_is_refused_by_name(self, bench: Workbench) -> None:
        bench.put(APP)
        self.bind(bench, "untyped", netrc="x")

        done = run_on(bench)

        assert done.status == 1
        assert "untyped" in done.output


@pytest.mark.parametrize(
    "env",
    [
        {"BP_GO_BUILD_FLAGS": "-toolexec=/bin/false"},
        {"BP_GO_TARGETS": "../../etc:."},
        {"BP_GO_TARGETS": "-n"},
        {"BP_GO_WORKDIR": "/etc"},
        {"BP_KEEP_FILES": "../../**"},
        {"BP_GO_BUILD_IMPORT_PATH": "../../../etc"},
        {"BP_GO_WORK_USE": "/etc"},
        {"BP_GO_VERSION": "1.26\n[[x]]"},
        {"BP_GO_VERSION": "*" * 10000},
        {"BP_KEEP_FILES": "**/" * 200 + "x"},
        {"BPE_X": "\x1b[2J"},
        {"BP_LOG_LEVEL": "\n[[x]]"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_a_surprising_value_is_refused_or_harmless(bench: Workbench, env: dict[str, str]) -> None:
    done = bench.build({**APP, "a/b/c/d/e/f/g/h.txt": ""}, **env)

    assert_sane(done)
