import pytest

from gobp.cnb.project_descriptor import ProjectDescriptor
from gobp.cnb.toml import loads
from gobp.errors import UserError


def _read(text: str) -> ProjectDescriptor:
    return ProjectDescriptor.from_toml(loads(text, source="project.toml"), source="project.toml")


def test_version_0_2_has_its_settings_under_io_buildpacks() -> None:
    descriptor = _read(
        """
        [_]
        schema-version = "0.2"
        [io.buildpacks]
        builder = "example.com/builder"
        exclude = ["/docs/"]
        [[io.buildpacks.build.env]]
        name = "BP_GO_TARGETS"
        value = "./cmd/server"
        [[io.buildpacks.build.env]]
        name = "EMPTY"
        """
    )

    assert descriptor == ProjectDescriptor(
        {"BP_GO_TARGETS": "./cmd/server", "EMPTY": ""}, exclude=("/docs/",)
    )


def test_version_0_1_has_them_under_build() -> None:
    descriptor = _read(
        """
        [project]
        id = "app"
        [build]
        include = ["*.go"]
        [[build.env]]
        name = "A"
        value = "1"
        """
    )

    assert descriptor == ProjectDescriptor({"A": "1"}, include=("*.go",))


def test_an_empty_file_says_nothing() -> None:
    assert _read("") == ProjectDescriptor()


def test_another_version_is_refused() -> None:
    with pytest.raises(UserError, match=r"project\.toml has the schema-version '0\.3'"):
        _read('[_]\nschema-version = "0.3"\n')


def test_include_beside_exclude_is_refused() -> None:
    with pytest.raises(UserError, match="has include and exclude"):
        _read('[build]\ninclude = ["a"]\nexclude = ["b"]\n')


def test_a_variable_needs_a_name() -> None:
    with pytest.raises(UserError, match=r"name is missing in project\.toml"):
        _read('[[build.env]]\nvalue = "1"\n')


def test_what_is_not_excluded_is_kept() -> None:
    descriptor = ProjectDescriptor(exclude=("*.md", "!README.md"))

    assert [descriptor.keeps(path) for path in ("a.md", "README.md", "main.go")] == [
        False,
        True,
        True,
    ]


def test_only_what_is_included_is_kept() -> None:
    descriptor = ProjectDescriptor(include=("cmd/", "go.*"))

    kept = [descriptor.keeps(path) for path in ("cmd/a/main.go", "go.mod", "docs/a.md")]

    assert kept == [True, True, False]
