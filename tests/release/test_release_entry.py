import tomllib

from release.runtime import ROOT


def test_detect_and_build_are_the_same_text() -> None:
    assert (ROOT / "bin/detect").read_bytes() == (ROOT / "bin/build").read_bytes()


def test_the_buildpack_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    buildpack = tomllib.loads((ROOT / "buildpack.toml").read_text(encoding="utf-8"))["buildpack"]

    assert buildpack["version"] == project["version"]


def test_package_and_buildpack_name_the_same_targets() -> None:
    buildpack = tomllib.loads((ROOT / "buildpack.toml").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "package.toml").read_text(encoding="utf-8"))

    assert package["targets"] == buildpack["targets"]
