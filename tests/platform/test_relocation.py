from pathlib import Path

from gobp.cnb.build_metadata import BuildMetadata, ImageProcess
from gobp.cnb.launch import Label, Process
from gobp.platform.relocation import files_with, image_relocation
from gobp.platform.workspace import Workspace, cache_root

WORK = Workspace(Path("/cache/app/work"))


def test_processes_and_labels_get_the_paths_of_the_image() -> None:
    process = Process(
        "web",
        ("/cache/app/work/layers/x/bin/web",),
        ("-config=/cache/app/work/workspace/c.toml", "/elsewhere"),
        working_directory="/cache/app/work/workspace",
    )
    metadata = BuildMetadata(
        processes=(ImageProcess(process, "x"),),
        labels=(Label("path", "at /cache/app/work/platform/env"),),
    )

    relocated = image_relocation(WORK).metadata(metadata)

    assert relocated.processes[0].process == Process(
        "web",
        ("/layers/x/bin/web",),
        ("-config=/workspace/c.toml", "/elsewhere"),
        working_directory="/workspace",
    )
    assert relocated.labels == (Label("path", "at /platform/env"),)


def test_texts_in_tables_are_relocated_at_any_depth() -> None:
    table = {"a": ["/cache/app/work/layers/x", 1, {"b": "/cache/app/work/layers"}], "c": True}

    assert image_relocation(WORK).table(table) == {
        "a": ["/layers/x", 1, {"b": "/layers"}],
        "c": True,
    }


def test_a_path_across_the_chunks_of_a_large_file_is_found(tmp_path: Path) -> None:
    large, other = tmp_path / "large", tmp_path / "other"
    large.write_bytes(b"x" * (1024 * 1024 - 5) + b"/cache/app/work" + b"y")
    other.write_bytes(b"/cache/app/wor")
    (tmp_path / "link").symlink_to(large)

    found = files_with("/cache/app/work", [large, other, tmp_path / "link", tmp_path])

    assert found == [large]


def test_the_work_folder_depends_on_the_image_and_the_cache_alone() -> None:
    cache = Path("/cache")

    assert cache_root(cache, "example.com/a:v1") == cache_root(cache, "example.com/a:v1")
    assert cache_root(cache, "example.com/a:v1") != cache_root(cache, "example.com/a-v1")
