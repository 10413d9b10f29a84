from pathlib import Path

from gobp.golang import vendorfile
from gobp.golang.module import ModuleVersion
from gobp.golang.vendorfile import VendoredModule, VendorFile
from tests.golang.conftest import Go


def test_every_module_is_listed_with_its_packages() -> None:
    text = (
        "## workspace\n"
        "# example.com/a v1.0.0\n"
        "## explicit; go 1.21\n"
        "example.com/a\n"
        "example.com/a/sub\n"
        "# example.com/b v1.2.0 => example.com/fork v1.3.0\n"
        "## explicit\n"
        "# example.com/c v1.0.0 => ./c\n"
        "example.com/c\n"
        "# example.com/c => ./c\n"
        "# something else\n"
        "not/of/any/module\n"
    )

    assert vendorfile.parse(text) == VendorFile(
        modules=(
            VendoredModule(
                "example.com/a",
                "v1.0.0",
                explicit=True,
                go="1.21",
                packages=("example.com/a", "example.com/a/sub"),
            ),
            VendoredModule(
                "example.com/b",
                "v1.2.0",
                replaced_by=ModuleVersion("example.com/fork", "v1.3.0"),
                explicit=True,
            ),
            VendoredModule(
                "example.com/c",
                "v1.0.0",
                replaced_by=ModuleVersion("./c"),
                packages=("example.com/c",),
            ),
            VendoredModule("example.com/c", replaced_by=ModuleVersion("./c")),
        ),
        workspace=True,
    )


def test_an_empty_list_has_no_modules() -> None:
    assert vendorfile.parse("") == VendorFile()


def test_what_the_real_go_vendors_is_read(go: Go, tmp_path: Path) -> None:
    library = tmp_path / "library"
    (library / "sub").mkdir(parents=True)
    (library / "go.mod").write_text("module example.com/library\n\ngo 1.20\n")
    (library / "library.go").write_text('package library\n\nimport _ "example.com/library/sub"\n')
    (library / "sub/sub.go").write_text("package sub\n")
    (tmp_path / "go.mod").write_text(
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/library v1.0.0\n\n"
        "replace example.com/library => ./library\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport _ "example.com/library"\n\nfunc main() {}\n'
    )
    vendored = go.run("mod", "vendor", cwd=tmp_path)
    assert vendored.returncode == 0, vendored.stderr

    listed = vendorfile.parse((tmp_path / "vendor/modules.txt").read_text())

    assert listed.modules == (
        VendoredModule(
            "example.com/library",
            "v1.0.0",
            replaced_by=ModuleVersion("./library"),
            explicit=True,
            go="1.20",
            packages=("example.com/library", "example.com/library/sub"),
        ),
        VendoredModule("example.com/library", replaced_by=ModuleVersion("./library")),
    )
