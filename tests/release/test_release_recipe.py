from release.deb import PackageFiles
from release.recipe import (
    ADDED_EXTENSIONS,
    ADDED_MODULES,
    AMD64,
    ARM64,
    EXTENSIONS,
    LIBRARY,
    SHARED_LIBRARIES,
    interpreter_argv,
    interpreter_files,
)


def packages(*modules: str) -> PackageFiles:
    """Return packages with all that the recipe names, and these modules of the library."""
    installed = "usr/lib/python3.13"
    triple = ARM64.triple
    files = {f"usr/lib/{triple}/{name}": b"elf" for name in (*SHARED_LIBRARIES, ARM64.loader)}
    files |= {
        f"{installed}/lib-dynload/{name}.cpython-313-{triple}.so": b"elf" for name in EXTENSIONS
    }
    files |= {f"{installed}/{name}": b"pass\n" for name in modules}
    added = "usr/lib/python3/dist-packages"
    files |= {f"{added}/{name}": b"pass\n" for name in ADDED_MODULES}
    files |= {f"{added}/{name}.cpython-313-{triple}.so": b"elf" for name in ADDED_EXTENSIONS}
    return PackageFiles(files | {"usr/bin/python3.13": b"elf"}, {})


def test_the_loader_the_program_and_the_wrapper_can_be_executed() -> None:
    tree = interpreter_files(packages(), ARM64)

    executable = {path for path, file in tree.items() if file.executable}

    assert executable == {"bin/python3", "lib/ld-linux-aarch64.so.1", "lib/python3.13.elf"}


def test_an_empty_archive_stops_python_from_looking_in_parent_folders() -> None:
    assert interpreter_files(packages(), ARM64)["lib/python313.zip"].data == b""


def test_the_wrapper_drops_preloaded_libraries_and_uses_the_trees_own_loader() -> None:
    wrapper = interpreter_files(packages(), ARM64)["bin/python3"].data.decode()

    assert "unset LD_PRELOAD\n" in wrapper
    assert '"$lib/ld-linux-aarch64.so.1" --inhibit-cache' in wrapper


def test_what_a_build_never_needs_is_left_out_of_the_library() -> None:
    kept = ("json/__init__.py", "os.py", "encodings/utf_8.py", "email/mime/text.py")
    dropped = (
        "test/test_os.py",
        "turtle.py",
        "encodings/koi8_r.py",
        "_sysconfigdata__linux.py",
        "config-3.13-aarch64-linux-gnu/python-config.py",
        "LICENSE.txt",
    )

    tree = interpreter_files(packages(*kept, *dropped), ARM64)

    library = {path.removeprefix(f"{LIBRARY}/") for path in tree if path.startswith(f"{LIBRARY}/")}
    assert {path for path in library if not path.endswith(".so")} == {*kept, *ADDED_MODULES}


def test_zstandard_is_beside_the_library_with_the_extension_of_its_architecture() -> None:
    tree = interpreter_files(packages(), ARM64)

    extension = "backend_c.cpython-313-aarch64-linux-gnu.so"
    assert {path for path in tree if path.startswith(f"{LIBRARY}/zstandard/")} == {
        f"{LIBRARY}/zstandard/__init__.py",
        f"{LIBRARY}/zstandard/{extension}",
    }


def test_the_interpreter_is_started_through_its_loader_under_the_wrappers_name() -> None:
    assert interpreter_argv("/r", AMD64) == [
        "/r/lib/ld-linux-x86-64.so.2",
        "--inhibit-cache",
        "--library-path",
        "/r/lib",
        "--argv0",
        "/r/bin/python3",
        "/r/lib/python3.13.elf",
    ]
