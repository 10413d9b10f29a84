import io
import signal
import subprocess
import sys
import time
from pathlib import Path

from gobp.cnb.layer import LayerTypes
from gobp.cnb.lifecycle_metadata import StoredLayer
from gobp.log import BuildLog
from gobp.platform.cache import CachedLayer, LayerCache, as_restored
from gobp.platform.workspace import locked

LAYER = CachedLayer("example/one", "kept", StoredLayer("", LayerTypes(cache=True), {"n": 1}))


def committed(root: Path, content: str = "content") -> LayerCache:
    layers = root / "layers"
    folder = layers / "example_one" / "kept"
    folder.mkdir(parents=True)
    (folder / "file").write_text(content)
    (folder / "link").symlink_to("file")
    (folder / "closed").mkdir(mode=0o555)
    cache = LayerCache(root)
    cache.commit(layers, [LAYER])
    return cache


def log() -> BuildLog:
    return BuildLog(io.StringIO())


def test_a_committed_layer_comes_back_as_it_was_with_the_time_of_now(tmp_path: Path) -> None:
    cache = committed(tmp_path)
    before = time.time()

    (layer,) = cache.layers(log())
    cache.restore(layer, tmp_path / "work" / "kept")

    assert layer == CachedLayer(
        "example/one", "kept", StoredLayer("", LayerTypes(cache=True), {"n": 1.0})
    )
    restored = tmp_path / "work" / "kept"
    assert (restored / "file").read_text() == "content"
    assert (restored / "link").readlink() == Path("file")
    assert (restored / "closed").stat().st_mode & 0o777 == 0o555
    assert before - 2 < (restored / "file").stat().st_mtime < time.time()
    assert [each.name for each in cache.layers(log())] == ["kept"]


def test_new_and_removed_files_of_a_failed_build_do_not_reach_the_cache(tmp_path: Path) -> None:
    cache = committed(tmp_path)
    (layer,) = cache.layers(log())
    cache.restore(layer, tmp_path / "work")
    (tmp_path / "work" / "new").write_text("new")
    (tmp_path / "work" / "file").unlink()

    (layer,) = LayerCache(tmp_path).layers(log())
    cache.restore(layer, tmp_path / "again")

    names = sorted(path.name for path in (tmp_path / "again").iterdir())
    assert names == ["closed", "file", "link"]


def test_a_file_written_in_place_drops_the_layer_even_at_the_same_size(tmp_path: Path) -> None:
    cache = committed(tmp_path)
    (layer,) = cache.layers(log())
    cache.restore(layer, tmp_path / "work")
    (tmp_path / "work" / "file").write_text("CONTENT")

    assert LayerCache(tmp_path).layers(log()) == ()


def test_a_commit_that_was_cut_off_is_undone(tmp_path: Path) -> None:
    committed(tmp_path)
    (tmp_path / "cache").rename(tmp_path / "cache.old")
    (tmp_path / "cache.new").mkdir()

    cache = LayerCache(tmp_path)

    assert [layer.name for layer in cache.layers(log())] == ["kept"]
    assert not (tmp_path / "cache.new").exists()


def test_a_commit_that_was_nearly_finished_stays(tmp_path: Path) -> None:
    committed(tmp_path)
    (tmp_path / "cache.old").mkdir()

    cache = LayerCache(tmp_path)

    assert [layer.name for layer in cache.layers(log())] == ["kept"]
    assert not (tmp_path / "cache.old").exists()


def test_an_index_of_another_format_or_none_is_an_empty_cache(tmp_path: Path) -> None:
    cache = committed(tmp_path)

    for text in ("", "[", '{"format": 99, "layers": [1]}'):
        (tmp_path / "cache" / "cache.json").write_text(text)
        assert cache.layers(log()) == ()


def test_metadata_comes_back_as_from_json() -> None:
    assert as_restored({"a": 1, "b": True, "c": [2, "x"]}) == {"a": 1.0, "b": True, "c": [2.0, "x"]}


def test_a_killed_build_gives_up_its_lock_and_leaves_no_layer(tmp_path: Path) -> None:
    committed(tmp_path)
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gobp.log import BuildLog\n"
        "from gobp.platform.cache import LayerCache\n"
        "from gobp.platform.workspace import locked\n"
        "root = Path(sys.argv[1])\n"
        "with locked(root, BuildLog()):\n"
        "    cache = LayerCache(root)\n"
        "    (layer,) = cache.layers(BuildLog())\n"
        "    cache.restore(layer, root / 'work')\n"
        "    (root / 'work' / 'half').write_text('done')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGKILL)

    with locked(tmp_path, log()):
        cache = LayerCache(tmp_path)
        (layer,) = cache.layers(log())
        cache.restore(layer, tmp_path / "again")
    assert not (tmp_path / "again" / "half").exists()
