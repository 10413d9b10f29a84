"""A build is left out if, and only if, nothing that it depends on has changed."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.log import BuildLog
from gobp.platform.failure import PhaseFailed
from gobp.platform.repeat import recall
from gobp.platform.request import BuildOutcome, BuildRequest
from tests.oci.fake_registry import serving
from tests.platform.platform_lab import PATH, PlatformLab, make_buildpack

SAYS_SO = "printf '[metadata]\\nrepeatable = true\\n' > \"$CNB_LAYERS_DIR/store.toml\"\n"
BUILD = (
    SAYS_SO
    + """
printf '[[processes]]\\ntype = "web"\\ncommand = ["sh"]\\nargs = ["-c"]\\ndefault = true\\n' \\
  > "$CNB_LAYERS_DIR/launch.toml"
"""
)
pytestmark = pytest.mark.slow  # every test builds twice, and waits for the clock in between

LOCAL = '[metadata.local]\nfiles = ["bin", "more"]\nprograms = ["helper", "absent"]'


class RepeatLab:
    """A lab with a buildpack that repeats itself, and a program that it says it uses."""

    def __init__(self, root: Path) -> None:
        self.lab = PlatformLab.at(root)
        self.tools = root / "tools"
        self.tools.mkdir()
        shutil.copy("/bin/true", self.tools / "helper")
        self.environ = {"PATH": f"{self.tools}:{PATH}"}
        self.buildpack = make_buildpack(root, build=BUILD, more=LOCAL)
        self.app = root / "app"
        (self.app / "cmd").mkdir()
        (self.app / "cmd" / "main.txt").write_text("main\n")
        (self.app / "link").symlink_to("main.txt")
        (root / "binding").mkdir()
        (root / "binding" / "type").write_text("x")
        self.settle()
        self.request: BuildRequest = replace(
            self.lab.request(self.buildpack),
            env={"NAME": "value"},
            bindings={"one": root / "binding"},
        )

    def settle(self) -> None:
        """Let all files be older than what a clock can tell apart."""
        time.sleep(0.06)

    def create(self) -> BuildOutcome:
        return self.lab.create(self.request, self.environ)

    def recall(self, request: BuildRequest | None = None) -> BuildOutcome | None:
        log = BuildLog(self.lab.log)
        return recall(request or self.request, log=log, environ=self.environ)


@pytest.fixture
def lab(tmp_path: Path) -> RepeatLab:
    return RepeatLab(tmp_path)


def test_what_the_last_build_made_is_recalled(lab: RepeatLab) -> None:
    made = lab.create()

    recalled = lab.recall()

    assert recalled is not None
    assert recalled == replace(made, durations=recalled.durations, reused=())
    assert recalled.processes[0].process.command == ("sh",)
    assert "NOTHING HAS CHANGED" in lab.lab.log.getvalue()


def test_before_the_first_build_there_is_nothing_to_recall(lab: RepeatLab) -> None:
    assert lab.recall() is None


def _edit(lab: RepeatLab) -> None:
    (lab.app / "cmd" / "main.txt").write_text("MAIN\n")


def _edit_within_size_and_time(lab: RepeatLab) -> None:
    path = lab.app / "cmd" / "main.txt"
    status = path.stat()
    path.write_text("MAIN\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace_by_link(lab: RepeatLab) -> None:
    (lab.app / "cmd" / "main.txt").unlink()
    (lab.app / "cmd" / "main.txt").symlink_to("../main.txt")


def _turn_link(lab: RepeatLab) -> None:
    (lab.app / "link").unlink()
    (lab.app / "link").symlink_to("main.tx")


CHANGES: dict[str, Callable[[RepeatLab], object]] = {
    "a file's content": _edit,
    "a file's content, size and time kept": _edit_within_size_and_time,
    "a file's mode": lambda lab: (lab.app / "main.txt").chmod(0o755),
    "a folder's mode": lambda lab: (lab.app / "cmd").chmod(0o700),
    "a file by a link": _replace_by_link,
    "a link": _turn_link,
    "a new file": lambda lab: (lab.app / "new.txt").touch(),
    "a new folder": lambda lab: (lab.app / "new").mkdir(),
    "a file gone": lambda lab: (lab.app / "main.txt").unlink(),
    "a file renamed": lambda lab: (lab.app / "main.txt").rename(lab.app / "nain.txt"),
    "the buildpack's program": lambda lab: make_buildpack(
        lab.lab.root, build=f"{BUILD}\necho more", more=LOCAL
    ),
    "the buildpack's words": lambda lab: make_buildpack(
        lab.lab.root, build=BUILD, more=f"{LOCAL}\n# more"
    ),
    "a file that the buildpack named": lambda lab: (lab.buildpack / "more").touch(),
    "a program": lambda lab: shutil.copy("/bin/false", lab.tools / "helper"),
    "a program gone": lambda lab: (lab.tools / "helper").unlink(),
    "a program that was absent": lambda lab: shutil.copy("/bin/true", lab.tools / "absent"),
    "the PATH": lambda lab: lab.environ.update(PATH=f"{lab.tools}:/bin:{PATH}"),
    "a proxy": lambda lab: lab.environ.update(HTTPS_PROXY="http://proxy.example.com"),
    "a binding": lambda lab: (lab.lab.root / "binding" / "type").write_text("y"),
    "a binding's new entry": lambda lab: (lab.lab.root / "binding" / "url").touch(),
    "the output's index": lambda lab: (lab.lab.root / "image" / "index.json").write_text("{}"),
    "the output gone": lambda lab: shutil.rmtree(lab.lab.root / "image"),
    "a blob gone": lambda lab: next((lab.lab.root / "image/blobs/sha256").iterdir()).unlink(),
    "the cache gone": lambda lab: shutil.rmtree(lab.lab.root / "cache"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_asks_for_a_build(change: str, lab: RepeatLab) -> None:
    lab.create()
    assert lab.recall() is not None

    CHANGES[change](lab)

    assert lab.recall() is None


REQUESTS: dict[str, Callable[[BuildRequest], BuildRequest]] = {
    "a variable's value": lambda request: replace(request, env={"NAME": "other"}),
    "a variable more": lambda request: replace(request, env={**request.env, "MORE": ""}),
    "no variable": lambda request: replace(request, env={}),
    "no binding": lambda request: replace(request, bindings={}),
    "a binding's name": lambda request: replace(request, bindings={"two": request.bindings["one"]}),
    "another tag": lambda request: replace(request, image="example.com/app:v2"),
    "another name": lambda request: replace(request, image="example.com/other:v1"),
    "another output": lambda request: replace(request, output=request.cache_dir / "other"),
    "an archive": lambda request: replace(request, output=request.cache_dir / "other.tar"),
    "another architecture": lambda request: replace(request, architecture="arm64"),
    "a run image": lambda request: replace(request, run_image=str(request.output)),
    "a previous image": lambda request: replace(request, previous_image=str(request.output)),
    "a cleared cache": lambda request: replace(request, clear_cache=True),
    "a build anew": lambda request: replace(request, anew=True),
}


@pytest.mark.parametrize("change", REQUESTS)
def test_another_request_asks_for_a_build(change: str, lab: RepeatLab) -> None:
    lab.create()

    assert lab.recall(REQUESTS[change](lab.request)) is None


def test_the_same_app_elsewhere_asks_for_a_build(lab: RepeatLab) -> None:
    lab.create()
    shutil.copytree(lab.app, lab.lab.root / "elsewhere", symlinks=True)

    assert lab.recall(replace(lab.request, app=lab.lab.root / "elsewhere")) is None


def _touch(lab: RepeatLab) -> None:
    os.utime(lab.app / "main.txt")


def _check_out_again(lab: RepeatLab) -> None:
    text = (lab.app / "main.txt").read_text()
    (lab.app / "main.txt").unlink()
    (lab.app / "main.txt").write_text(text)


SAME: dict[str, Callable[[RepeatLab], object]] = {
    "a time": _touch,
    "an inode": _check_out_again,
    "what Python caches": lambda lab: (lab.buildpack / "bin" / "__pycache__").mkdir(),
    "a file that the buildpack is not made of": lambda lab: (lab.buildpack / "README").touch(),
    "a variable that no buildpack sees": lambda lab: lab.environ.update(TERM="dumb"),
}


@pytest.mark.parametrize("change", SAME)
def test_what_decides_nothing_asks_for_no_build(change: str, lab: RepeatLab) -> None:
    lab.create()

    SAME[change](lab)

    assert lab.recall() is not None


def test_a_file_that_was_written_just_before_the_build_is_looked_at_again(lab: RepeatLab) -> None:
    (lab.app / "cmd" / "main.txt").write_text("new!\n")
    lab.create()
    assert lab.recall() is not None

    _edit_within_size_and_time(lab)

    assert lab.recall() is None


def test_the_output_and_the_cache_may_lie_in_the_app(lab: RepeatLab) -> None:
    lab.request = replace(lab.request, output=lab.app / "out", cache_dir=lab.app / ".cache")
    lab.create()

    assert lab.recall() is not None


@pytest.mark.parametrize(
    ("build", "more"),
    [
        ("exit 0", LOCAL),
        (SAYS_SO.replace("true", "false"), LOCAL),
        (SAYS_SO.replace("true", '"true"'), LOCAL),
        (SAYS_SO, '[metadata.local]\nprograms = ["script"]'),
    ],
    ids=["nothing said", "said not", "no bool", "a program that is a script"],
)
def test_a_build_that_may_differ_is_not_left_out(build: str, more: str, lab: RepeatLab) -> None:
    (lab.tools / "script").write_text("#!/bin/sh\n")
    (lab.tools / "script").chmod(0o755)
    make_buildpack(lab.lab.root, build=build, more=more)
    lab.create()

    assert lab.recall() is None


def test_all_buildpacks_must_take_part_and_say_so(lab: RepeatLab) -> None:
    silent = make_buildpack(lab.lab.root, "example/two")
    lab.request = replace(lab.request, buildpacks=(lab.buildpack, silent))
    lab.create()
    assert lab.recall() is None

    make_buildpack(lab.lab.root, "example/two", build=SAYS_SO)
    lab.settle()
    lab.create()
    assert lab.recall() is not None


def test_a_failed_build_leaves_nothing_to_recall(lab: RepeatLab) -> None:
    flag = lab.lab.root / "flag"
    make_buildpack(lab.lab.root, build=f"{BUILD}\n[ ! -e {flag} ] || exit 1", more=LOCAL)
    lab.settle()
    lab.create()
    assert lab.recall() is not None
    flag.touch()

    with pytest.raises(PhaseFailed, match="exit status 1"):
        lab.create()

    assert lab.recall() is None


def test_an_archive_is_recalled_until_it_is_another_file(lab: RepeatLab) -> None:
    archive = lab.lab.root / "image.tar"
    lab.request = replace(lab.request, output=archive)
    lab.create()
    assert lab.recall() is not None

    archive.write_bytes(archive.read_bytes())

    assert lab.recall() is None


def test_a_published_image_is_recalled_while_the_registry_has_it(lab: RepeatLab) -> None:
    with serving() as registry:
        name = f"{registry.address}/team/app:v1"
        lab.request = replace(lab.request, image=name, output=None, publish=True)
        made = lab.create()
        recalled = lab.recall()
        assert recalled is not None
        assert recalled.digest == made.digest

        lab.request = replace(lab.request, env={"NAME": "other"})
        (lab.app / "main.txt").write_text("other\n")
        other = lab.create()
        lab.request = replace(lab.request, env={"NAME": "value"})
        assert lab.recall() is None

        lab.request = replace(lab.request, env={"NAME": "other"})
        assert other.digest != made.digest
        assert lab.recall() is not None
        registry.manifests.clear()
        assert lab.recall() is None


def test_a_run_image_of_this_machine_is_looked_at(lab: RepeatLab) -> None:
    base = lab.lab.root / "base"
    lab.lab.create(replace(lab.request, output=base, image="example.com/base:v1"), lab.environ)
    lab.settle()
    lab.request = replace(lab.request, run_image=str(base))
    lab.create()
    assert lab.recall() is not None

    os.utime(base / "index.json")

    assert lab.recall() is None


def test_what_is_written_down_is_for_the_user_alone(lab: RepeatLab) -> None:
    lab.request = replace(lab.request, env={"TOKEN": "very-secret"})
    lab.create()

    (record,) = lab.request.cache_dir.glob("*/last.json")

    assert record.stat().st_mode & 0o777 == 0o600
    assert "very-secret" not in record.read_text()
