import os
import socket
from pathlib import Path

import pytest

from gobp.buildservice.artifacts.collecting import MOST_FILES, Made, collect, listing
from gobp.buildservice.recipes.recipe import RecipeError

LIMIT = 1 << 20


class Folder:
    """A folder in which somebody has left something, and where artifacts go."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "src"
        self.target = tmp_path / "product"
        self.path.mkdir()
        self.target.mkdir()
        self.said: list[str] = []

    def put(self, name: str, content: str = "") -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def collect(self, before: frozenset[str] = frozenset()) -> tuple[str, ...]:
        made = Made(self.path, "/build/src", before)
        return collect(made, self.target, LIMIT, self.said.append)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_what_was_not_there_before_is_taken_also_in_new_folders(folder: Folder) -> None:
    folder.put("main.go")
    folder.put(".gitignore", "dist/\n")
    before = listing(folder.path)
    folder.put("app", "program").chmod(0o711)
    folder.put("dist/linux/app", "other")
    folder.put("main.go", "changed, but not new")

    assert folder.collect(before) == ("app", "dist/linux/app")
    assert (folder.target / "app").read_text() == "program"
    assert (folder.target / "app").stat().st_mode & 0o7777 == 0o755
    assert (folder.target / "dist/linux/app").stat().st_mode & 0o7777 == 0o644


def test_what_git_writes_for_itself_is_no_artifact(folder: Folder) -> None:
    folder.put(".git/index")
    folder.put(".gitkeep")

    assert folder.collect() == (".gitkeep",)


def test_a_link_inside_becomes_a_copy_of_its_file(folder: Folder) -> None:
    folder.put("dist/app-1.0", "program")
    (folder.path / "app").symlink_to("dist/app-1.0")
    (folder.path / "absolute").symlink_to("/build/src/dist/app-1.0")

    assert folder.collect() == ("absolute", "app", "dist/app-1.0")
    assert (folder.target / "app").read_text() == "program"
    assert (folder.target / "absolute").read_text() == "program"
    assert not (folder.target / "app").is_symlink()


@pytest.mark.parametrize(
    "link",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "sub/../../secret",
        "/build/src/../../etc/passwd",
        "/build/srcs",
    ],
)
def test_a_link_that_leaves_the_source_is_refused(folder: Folder, link: str) -> None:
    folder.put("sub/file")
    (folder.path.parent / "secret").write_text("not of this build")
    (folder.path / "app").symlink_to(link)

    with pytest.raises(RecipeError, match="a link that leaves the source: app -> "):
        folder.collect()

    assert list(folder.target.iterdir()) == []


def test_a_link_through_a_linked_folder_does_not_leave_either(folder: Folder) -> None:
    (folder.path / "out").symlink_to("/etc", target_is_directory=True)
    (folder.path / "app").symlink_to("out/passwd")

    with pytest.raises(RecipeError, match="leaves the source"):
        folder.collect()


def test_links_to_nothing_in_a_circle_and_to_folders_are_left_out_and_that_is_said(
    folder: Folder,
) -> None:
    folder.put("app")
    (folder.path / "dist").mkdir()
    (folder.path / "folder").symlink_to("dist")
    (folder.path / "gone").symlink_to("nowhere")
    (folder.path / "loop").symlink_to("loop")

    assert folder.collect() == ("app",)
    assert folder.said == [
        "left out: folder links to no file",
        "left out: gone links to nothing",
        "left out: loop links to no file",
    ]


def test_names_of_the_same_file_become_files_of_their_own(folder: Folder) -> None:
    app = folder.put("app", "program")
    (folder.path / "app2").hardlink_to(app)

    assert folder.collect() == ("app", "app2")
    assert (folder.target / "app").stat().st_nlink == 1
    assert (folder.target / "app2").read_text() == "program"


def test_pipes_sockets_and_devices_are_left_out_and_nobody_waits_for_them(folder: Folder) -> None:
    folder.put("app")
    os.mkfifo(folder.path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder.path / "socket"))
    expected = ["left out: pipe is no file", "left out: socket is no file"]
    if os.geteuid() == 0:
        os.mknod(folder.path / "null", 0o020666, os.makedev(1, 3))
        expected.insert(0, "left out: null is no file")

    assert folder.collect() == ("app",)
    assert folder.said == expected


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "a\x1b[31m",
        "..\\..\\evil.exe",
        "a\u202egpj.exe",
        "a\u200b",
        "/".join(["x" * 200] * 6),
    ],
)
def test_names_that_mislead_are_refused(folder: Folder, name: str) -> None:
    folder.put(name)

    with pytest.raises(RecipeError, match="a file whose name is not plain text") as caught:
        folder.collect()

    assert caught.value.text.isascii()
    assert caught.value.text.isprintable()


def test_names_that_are_not_utf8_are_refused(folder: Folder) -> None:
    os.close(os.open(os.fsencode(folder.path) + b"/a\xff", os.O_CREAT | os.O_WRONLY))

    with pytest.raises(RecipeError, match="not plain text"):
        folder.collect()


def test_a_giant_sparse_file_is_refused_before_a_byte_of_it_is_read(folder: Folder) -> None:
    with folder.put("app").open("wb") as file:
        file.truncate(1 << 43)

    with pytest.raises(RecipeError, match=r"files of 8796093022208 bytes"):
        folder.collect()

    assert list(folder.target.iterdir()) == []


@pytest.mark.slow  # ten thousand files
def test_too_many_files_are_refused(folder: Folder) -> None:
    for number in range(MOST_FILES + 1):
        os.close(os.open(folder.path / str(number), os.O_CREAT | os.O_WRONLY))

    with pytest.raises(RecipeError, match=f"more than {MOST_FILES} files"):
        folder.collect()


def test_folders_deeper_than_a_path_can_be_long_are_refused(folder: Folder) -> None:
    descriptor = os.open(folder.path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=descriptor)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)

    with pytest.raises(RecipeError, match="cannot be read: File name too long"):
        folder.collect()
