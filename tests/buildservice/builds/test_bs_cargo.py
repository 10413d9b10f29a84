"""The URLs of cargo, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.builds.cargo import (
    CargoPath,
    archive_name,
    format_cargo_path,
    parse_cargo_path,
)
from gobp.buildservice.builds.order import Target

HEY = "/github.com/rakyll/hey/linux/amd64/v0.1.4"
NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="/"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in {".", ".."})
PATHS = st.builds(
    CargoPath,
    remote=st.sampled_from(["github.com", "127.0.0.1:3000", "git:8443"]),
    owner=NAMES,
    repo=NAMES,
    goos=NAMES,
    goarch=NAMES,
    version=st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    filename=st.just("") | NAMES,
)


def test_a_path_names_a_program_for_a_platform() -> None:
    path = parse_cargo_path(HEY)
    assert path == CargoPath("github.com", "rakyll", "hey", "linux", "amd64", "v0.1.4")
    assert path.target == Target("linux", "amd64")
    assert path.archive == "hey_linux_amd64.tar.gz"


def test_a_download_has_a_file_at_its_end() -> None:
    path = parse_cargo_path(f"{HEY}/hey_linux_amd64.tar.gz")
    assert path is not None
    assert path.filename == path.archive


def test_a_version_may_have_slashes_that_are_escaped() -> None:
    path = parse_cargo_path("/github.com/o/r/linux/amd64/cmd%2Fv1.0")
    assert path is not None
    assert path.version == "cmd/v1.0"
    assert parse_cargo_path("/github.com/o/r/linux/amd64/cmd/v1.0/r.tar.gz") is None


@given(PATHS)
def test_every_path_survives_its_url(path: CargoPath) -> None:
    assert parse_cargo_path(format_cargo_path(path)) == path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/github.com/rakyll/hey/linux/amd64",
        "/api/v1/builds/a/b/c",
        "/builds/x/logs/d/e/f",
        "/github.com//hey/linux/amd64/v1",
        "/github.com/../hey/linux/amd64/v1",
        "/github.com/%2E%2E/hey/linux/amd64/v1",
        "/github.com/a%2Fb/hey/linux/amd64/v1",
        "/github.com/o/hey/linux/amd64/..%2Fv1",
        "/github.com/o/hey/linux/amd64/v1%0A",
        "/github.com/o/hey/linux/amd64/v1/",
        "/github.com@evil/o/hey/linux/amd64/v1",
        f"/github.com/{'o' * 256}/hey/linux/amd64/v1",
    ],
)
def test_any_other_path_is_none_of_cargos(path: str) -> None:
    assert parse_cargo_path(path) is None


def test_an_archive_has_the_name_of_the_program() -> None:
    assert archive_name("github.com/cli/cli/v2", Target("linux", "arm", "7")) == (
        "cli_linux_arm_7.tar.gz"
    )
    assert archive_name("git.example/o/r/", Target("linux", "amd64"), "tar") == (
        "r_linux_amd64.tar"
    )
