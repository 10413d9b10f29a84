from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.cnb.build_metadata import BuildMetadata, GroupMember, ImageProcess
from gobp.cnb.launch import Label, Process, Slice
from gobp.cnb.toml import loads
from tests.strategies_cnb import launches, texts, words

GOLDEN = Path(__file__).parents[1] / "golden"

METADATA = BuildMetadata(
    buildpacks=(
        GroupMember("gobp/go", "1.0.0", "0.10", "https://example.com/?a&b"),
        GroupMember("other", "2.0.0", "0.7"),
    ),
    labels=(Label("title", 'The "best"\n\x1b\x7f'),),
    processes=(
        ImageProcess(
            Process("web", ("server", "-a <&>"), ("é",), working_directory="/workspace/x"),
            "gobp/go",
        ),
        ImageProcess(Process("shell", ("echo $HOME",), direct=False), "other"),
    ),
    slices=(Slice(("a/*", "b")),),
    default_process="web",
)


@pytest.mark.parametrize("platform_api", ["0.15", "0.9"])
def test_metadata_toml_is_as_the_lifecycle_writes_it(platform_api: str) -> None:
    text = METADATA.to_text(platform_api)

    assert text == (GOLDEN / f"cnb_metadata_{platform_api}.toml").read_text()


def test_the_label_is_as_the_lifecycle_writes_it() -> None:
    assert METADATA.to_label(launcher_version="0.21.0", platform_api="0.15") == (
        '{"buildpacks":[{"id":"gobp/go","version":"1.0.0",'
        r'"homepage":"https://example.com/?a\u0026b"},'
        '{"id":"other","version":"2.0.0"}],'
        '"launcher":{"version":"0.21.0","source":{"git":{"repository":"","commit":""}}},'
        '"processes":[{"type":"shell","command":["echo $HOME"],"args":null,"direct":false,'
        '"buildpackID":"other"},'
        r'{"type":"web","command":["server","-a \u003c\u0026\u003e"],"args":["é"],"direct":true,'
        '"buildpackID":"gobp/go","working-dir":"/workspace/x"}],'
        '"buildpack-default-process-type":"web"}'
    )


metadata_ = launches.flatmap(
    lambda launch: st.builds(
        BuildMetadata,
        buildpacks=st.lists(st.builds(GroupMember, words, texts, texts, texts), max_size=2).map(
            tuple
        ),
        labels=st.just(launch.labels),
        processes=st.just(
            tuple(
                ImageProcess(process, "a")
                for process in sorted(launch.processes, key=lambda process: process.type)
            )
        ),
        slices=st.just(launch.slices),
        default_process=texts,
    )
)


@given(metadata_)
def test_all_metadata_survives_its_file(metadata: BuildMetadata) -> None:
    document = loads(metadata.to_text("0.10"), source="metadata.toml")

    assert BuildMetadata.from_toml(document, source="metadata.toml") == metadata


def test_the_old_form_is_read_too() -> None:
    document = loads(METADATA.to_text("0.9"), source="metadata.toml")

    processes = BuildMetadata.from_toml(document, source="metadata.toml").processes

    assert processes[1].process == Process(
        "web", ("server",), ("-a <&>", "é"), working_directory="/workspace/x"
    )


def test_a_build_without_processes_has_none_in_its_label() -> None:
    text = BuildMetadata().to_label(launcher_version="", platform_api="0.10")

    assert '"buildpacks":[]' in text
    assert text.endswith('"processes":[]}')
