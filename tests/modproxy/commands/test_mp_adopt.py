"""A module cache becomes a tree: linked, verified, and nothing damaged with it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.commands.adopt import Adopted, adopt, cache_folder, linked_or_copied
from gobp.modproxy.commands.outcome import Quiet
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.nowhere import Nowhere
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.commands.made_modules import (
    UPPER,
    A,
    add_version,
    make_cache,
    module_zip,
    new_trees,
    path_in,
)
from tests.modproxy.sums.small_database import NAME, SmallDatabase

PRIVATE = "corp.example/p"


class Rules:
    """A router: corp.example is private, evil.example denied."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def route(self, module: str, version: str = "", path: str = "") -> Route | Answer:
        if module.startswith("evil.example"):
            return failure(403, "no")
        private = module.startswith("corp.example")
        tree = self._trees.private if private else self._trees.public
        return Route(Nowhere("here"), (tree,), private=private)

    def visible(self, module: str, versions: tuple[str, ...]) -> tuple[str, ...]:
        return versions

    def is_private(self, module: str) -> bool:
        return module.startswith("corp.example")

    def refused_lookup(self, module: str, version: str) -> Answer | None:
        return None


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return new_trees(tmp_path / "root")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "mod" / "cache" / "download"
    make_cache(folder, A, "v1.0.0")
    make_cache(folder, UPPER, "v1.2.3-RC1")
    return folder


def adopted(trees: Trees, cache: Path, expected: dict[ModuleFile, str] | None = None) -> Adopted:
    return adopt(trees, cache, Rules(trees), zip_hash, Quiet(), expected=expected or {})


def test_files_are_linked_hashed_and_listed(trees: Trees, cache: Path) -> None:
    done = adopted(trees, cache)

    assert (done.files, done.there, done.problems) == (6, 0, ())
    zipped = path_in(trees.public, A, "v1.0.0", Kind.ZIP)
    assert zipped.samefile(cache / "example.com/a/@v/v1.0.0.zip")
    assert trees.public.pinned_hash(A, "v1.0.0").startswith("h1:")
    assert trees.public.listed(UPPER) == ("v1.2.3-RC1",)
    assert not list((trees.public.root / "example.com/a/@v").glob("*.lock"))


def test_a_second_time_all_is_there(trees: Trees, cache: Path) -> None:
    adopted(trees, cache)

    done = adopted(trees, cache)

    assert (done.files, done.there) == (0, 6)


def test_a_mod_without_its_zip_is_taken_but_not_listed(trees: Trees, cache: Path) -> None:
    for name in ("v1.0.0.zip", "v1.0.0.ziphash", "v1.0.0.info"):
        (cache / "example.com/a/@v" / name).unlink()

    assert adopted(trees, cache).problems == ()
    assert path_in(trees.public, A, "v1.0.0", Kind.MOD).exists()
    assert trees.public.listed(A) is None


def test_private_modules_go_to_the_private_tree_and_denied_ones_nowhere(
    trees: Trees, cache: Path
) -> None:
    make_cache(cache, PRIVATE, "v1.0.0")
    make_cache(cache, "evil.example/e", "v1.0.0")

    done = adopted(trees, cache)

    assert path_in(trees.private, PRIVATE, "v1.0.0", Kind.ZIP).exists()
    assert not (trees.public.root / "corp.example").exists()
    assert {problem.reason for problem in done.problems} == {"a rule denies or hides it"}
    assert not (trees.public.root / "evil.example").exists()


def test_files_of_another_file_system_are_copied(
    trees: Trees, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def crossing(source: Path, target: Path) -> None:
        if cache in Path(source).parents:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, target)

    monkeypatch.setattr(os, "link", crossing)

    assert adopted(trees, cache).files == 6
    zipped = path_in(trees.public, A, "v1.0.0", Kind.ZIP)
    source = cache / "example.com/a/@v/v1.0.0.zip"
    assert not zipped.samefile(source)
    assert zipped.read_bytes() == source.read_bytes()


def cut(path: Path) -> None:
    path.with_name("v1.0.0.zip").write_bytes(b"PK")


def zeroed(path: Path) -> None:
    path.with_name("v1.0.0.mod").write_bytes(b"\0" * 100)


def of_another(path: Path) -> None:
    path.with_name("v1.0.0.info").write_bytes(b'{"Version":"v9.9.9"}')


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (cut, Kind.ZIP, "is not served"),
        (zeroed, Kind.MOD, "NUL bytes"),
        (of_another, Kind.INFO, "v9.9.9"),
    ],
)
def test_what_is_damaged_is_left_out_and_named(
    trees: Trees, cache: Path, spoil: Callable[[Path], None], kind: Kind, reason: str
) -> None:
    path = cache / f"example.com/a/@v/v1.0.0.{kind}"
    spoil(path)

    done = adopted(trees, cache)

    assert [problem.about for problem in done.problems] == [str(path)]
    assert reason in done.problems[0].reason
    assert not path_in(trees.public, A, "v1.0.0", kind).exists()
    assert done.files == 5


def test_a_zip_that_is_not_what_was_first_seen_is_left_out(trees: Trees, cache: Path) -> None:
    add_version(trees.public, A, "v1.0.0")
    (cache / "example.com/a/@v/v1.0.0.zip").write_bytes(
        module_zip(A, "v1.0.0", {"b.go": b"package b\n"})
    )

    done = adopted(trees, cache)

    assert "it should be h1:" in done.problems[0].reason
    assert done.there == 2


def test_a_hash_that_is_known_to_be_another_leaves_it_out(trees: Trees, cache: Path) -> None:
    done = adopted(trees, cache, {ModuleFile(A, "v1.0.0", Kind.MOD): "h1:other"})

    assert [problem.about[-11:] for problem in done.problems] == ["/v1.0.0.mod"]


def test_what_checksum_databases_said_is_taken_too(trees: Trees, cache: Path) -> None:
    database = SmallDatabase(300)
    lookup = "lookup/example.com/!mod7@v1.0.0"
    for file in (lookup, "tile/8/0/000", "tile/8/0/001.p/44"):
        path = cache / "sumdb" / NAME / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(database.file(file))
    (cache / "sumdb" / NAME / "tile/8/0/002").write_bytes(b"short")

    done = adopted(trees, cache)

    assert done.sums == 3
    assert "5 bytes, not 8192" in done.problems[0].reason
    assert (trees.public.root / "sumdb" / NAME / lookup).read_bytes() == database.file(lookup)


def test_a_cache_is_named_by_either_folder(cache: Path) -> None:
    assert cache_folder(cache) == cache_folder(cache.parents[1]) == cache


def test_a_folder_without_modules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no module cache"):
        cache_folder(tmp_path)


def test_another_process_that_starts_leaves_a_linked_file_alone(trees: Trees, cache: Path) -> None:
    source = cache / "example.com/a/@v/v1.0.0.zip"
    os.utime(source, (1, 1))

    with trees.public.new_file() as temporary, linked_or_copied(source, temporary):
        new_trees(trees.public.root.parent)

        assert temporary.samefile(source)
