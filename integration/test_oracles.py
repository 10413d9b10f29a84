"""Rules that others have set, with their own programs as judges: shell words and environments."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gobp.buildpack.go.words import split_words
from gobp.cnb import toml
from gobp.cnb.env import LayerEnvironment, Modification, Operation, layer_directories
from integration.creator import put_files

ENV = {"A": "x y", "ONE": "1", "EMPTY": ""}
# Each example asks another process.
ASKING = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PLAIN = (*"ab1 \t=-,./", "\\\\", '\\"', "\\ ", "\\'", "\\$A", "\\a")
VARIABLES = ("$A", "${A}", "$ONE", "${ONE}0", "$EMPTY", "$UNSET")


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Lines of words in every way to quote; variables stand outside single quotes."""
    outside = st.sampled_from((*PLAIN, *VARIABLES))
    in_double = st.lists(outside.filter(lambda part: part != "\\'")).map("".join)
    in_single = st.text('ab \t"\\=', max_size=4).filter(lambda text: not text.endswith("\\"))
    part = st.one_of(
        outside, in_double.map(lambda text: f'"{text}"'), in_single.map(lambda text: f"'{text}'")
    )
    return "".join(draw(st.lists(part, max_size=8)))


@ASKING
@given(lines())
@example('a"\'"b \'\' ""c')
def test_words_are_those_of_a_shell(line: str) -> None:
    script = f"set -- {line}\n[ $# = 0 ] || printf '%s\\0' \"$@\""
    env = {"PATH": "/usr/bin:/bin", **ENV}
    shell = subprocess.run(["sh", "-c", script], env=env, capture_output=True, check=True)

    assert (
        list(split_words(line, ENV, named_by="FLAGS")) == (shell.stdout.decode().split("\0")[:-1])
    )


NAMES = ("PATH", "LIST", "PLAIN", "LD_LIBRARY_PATH", "NEW")
PROCESS = "dump"
values = st.text("ab:; \n", max_size=4)
modifications = st.lists(
    st.builds(Modification, st.sampled_from(NAMES), st.sampled_from(Operation), values),
    max_size=6,
    unique_by=lambda each: each.file_name,
).map(tuple)
environments = st.builds(
    LayerEnvironment,
    every=modifications,
    launch=modifications,
    processes=modifications.map(lambda each: {PROCESS: each} if each else {}),
)
layers = st.tuples(environments, st.sets(st.sampled_from(["bin", "lib"])))


@ASKING
@given(st.lists(layers, min_size=1, max_size=3), st.dictionaries(st.sampled_from(NAMES), values))
def test_a_process_sees_the_environment_that_the_launcher_makes(
    tools: Path,
    tmp_path: Path,
    found: list[tuple[LayerEnvironment, set[str]]],
    env: Mapping[str, str],
) -> None:
    assume("PATH" not in env)  # the launcher needs one to start with
    root = tmp_path / "layers"
    shutil.rmtree(root, ignore_errors=True)
    put_layers(root, found)

    seen = launched(tools, root, {"PATH": "/usr/bin:/bin", **env})

    expected = environment(root, found, {"PATH": "/usr/bin:/bin", **env})
    assert {name: seen.get(name, "") for name in NAMES} == {
        name: expected.get(name, "") for name in NAMES
    }


def put_layers(root: Path, found: list[tuple[LayerEnvironment, set[str]]]) -> None:
    """Write the layers of one buildpack, and the metadata that the launcher reads."""
    document = {
        "buildpacks": [{"id": "one", "version": "1", "api": "0.10"}],
        "processes": [
            {
                "type": PROCESS,
                "command": ["/usr/bin/env", "-0"],
                "direct": True,
                "buildpack-id": "one",
            }
        ],
    }
    put_files(root / "config", {"metadata.toml": toml.dumps(document)})
    for number, (layer_environment, folders) in enumerate(found):
        put_files(root / "one" / f"layer{number}", layer_environment.to_files())
        for name in folders:
            (root / "one" / f"layer{number}" / name).mkdir(parents=True)


def launched(tools: Path, root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that the real launcher starts."""
    link = root.parent / PROCESS
    if not link.is_symlink():
        link.symlink_to(tools / "lifecycle/launcher")
    settings_of = {"CNB_PLATFORM_API": "0.15", "CNB_LAYERS_DIR": str(root), "CNB_APP_DIR": "/tmp"}
    done = subprocess.run([link], env={**env, **settings_of}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    pairs = (pair.partition("=") for pair in done.stdout.decode().split("\0") if pair)
    return {name: value for name, _, value in pairs}


def environment(
    root: Path, found: list[tuple[LayerEnvironment, set[str]]], env: Mapping[str, str]
) -> dict[str, str]:
    """Return what gobp makes of the same layers: all folders first, then all files."""
    result = dict(env)
    for number, (_, folders) in enumerate(found):
        place = str(root / "one" / f"layer{number}")
        result = layer_directories(place, folders, result, launch=True)
    for each, _ in found:
        result = each.at_launch(result, PROCESS)
    return result
