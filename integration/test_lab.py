"""The harness itself, driven with a buildpack written in a few lines of shell."""

from pathlib import Path

import pytest
import requests

from integration.conftest import lab_or_skip
from integration.docker import Docker, output_of
from integration.lab import BUILDER, RUN_IMAGE, Built, Given, LabUnavailable, Pack


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = tmp_path_factory.mktemp("app")
    (app / "go.mod").write_text("module example.com/hello\n")
    return app


@pytest.fixture(scope="module")
def built(pack: Pack, app: Path, shell_buildpack: Given) -> Built:
    return pack.build("shell", app, shell_buildpack, env={"BPE_COLOUR": "blue"})


def test_a_missing_lab_is_skipped_with_its_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="not root"), lab_or_skip({}):
        raise LabUnavailable("this is not root")


def test_a_missing_lab_fails_where_it_is_required() -> None:
    with (
        pytest.raises(pytest.fail.Exception, match="not root"),
        lab_or_skip({"GOBP_REQUIRE_LAB": "1"}),
    ):
        raise LabUnavailable("this is not root")


def test_the_builder_has_no_python(docker: Docker) -> None:
    found = docker.output(BUILDER, "-c", "ls /usr/bin /usr/local/bin", entrypoint="sh")

    assert "git" in found.split()
    assert not [name for name in found.split() if name.startswith("python")]


def test_a_built_image_answers_and_stops(docker: Docker, built: Built) -> None:
    with docker.serve(built.image) as server:
        assert server.get().text == "example.com/hello\n"
        assert server.stop() == 0


def test_a_server_that_ends_is_reported_with_its_log(docker: Docker, built: Built) -> None:
    with (
        docker.serve(built.image, process="colour") as server,
        pytest.raises(AssertionError, match=r"got no answer(.|\n)*blue"),
    ):
        server.get()


def test_labels_environment_and_processes_are_seen(docker: Docker, built: Built) -> None:
    assert docker.labels(built.image)["com.example.label"] == "some value"
    assert docker.output(built.image, entrypoint="colour") == "blue\n"
    assert docker.output(built.image, entrypoint="colour", env={"COLOUR": "red"}) == "red\n"
    assert docker.shell(built.image, "echo $COLOUR; command -v serve").splitlines() == [
        "blue",
        "/layers/example_shell/served/bin/serve",
    ]


def test_a_rebuild_has_the_cache_and_a_cleared_one_has_not(
    pack: Pack, app: Path, shell_buildpack: Given, built: Built
) -> None:
    env = {"BPE_COLOUR": "blue"}

    again = pack.build("shell", app, shell_buildpack, env=env)
    cleared = pack.build("shell", app, shell_buildpack, env=env, options=["--clear-cache"])

    assert "Reusing cached layer" in again.log
    assert "Reusing cached layer" not in built.log + cleared.log
    assert built.image_id == again.image_id == cleared.image_id


def test_a_failed_build_gives_its_log(pack: Pack, tmp_path: Path, shell_buildpack: Given) -> None:
    assert "there is no go.mod" in pack.fail("empty", tmp_path, shell_buildpack)


def test_an_image_can_be_published_and_pulled(
    pack: Pack, docker: Docker, app: Path, shell_buildpack: Given, registry: str
) -> None:
    run_image = f"{registry}/run"
    output_of(["docker", "tag", RUN_IMAGE, run_image])
    docker.adopt(run_image)
    output_of(["docker", "push", run_image])
    name = docker.name("shell")
    reference = f"{registry}/{name}"

    pack.publish(reference, app, shell_buildpack, run_image=run_image)

    tags = requests.get(f"http://{registry}/v2/{name}/tags/list", timeout=10).json()
    assert tags["tags"] == ["latest"]
    output_of(["docker", "pull", "--quiet", reference])
    docker.adopt(reference)
    with docker.serve(reference) as server:
        assert server.get().text == "example.com/hello\n"
