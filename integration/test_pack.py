"""The buildpack under the real pack, lifecycle and launcher, as its users run it.

``samples/web`` goes through the full matrix of ways to give the buildpack; everything else is
built once with the packaged buildpack.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from integration.docker import Docker, Server, output_of
from integration.lab import ROOT, RUN_IMAGE, Built, Given, Pack
from integration.programs import PROGRAMS, ProgramUnreachable, sources

SAMPLES = ROOT / "samples"
WEB_ENV = {
    "BPE_GREETING": "Set at build time",
    "BPE_DEFAULT_SHOWN": "from the build",
    "BP_IMAGE_LABELS": "com.example.team=lab",
    "BP_OCI_TITLE": "A board",
}


@pytest.fixture(scope="module", params=["clone", "directory", "cnb"])
def given(request: pytest.FixtureRequest) -> Given:
    """The buildpack: a clone's root, a packaged directory, a packaged file."""
    match request.param:
        case "clone":
            return Given("./", request.getfixturevalue("clone"))
        case "directory":
            dist: Path = request.getfixturevalue("dist")
            return Given("dist/buildpack", dist.parent)
        case _:
            packaged: Given = request.getfixturevalue("packaged")
            return packaged


@pytest.fixture(scope="module")
def name(given: Given) -> str:
    """An image name, and so a build cache, for each way of giving the buildpack."""
    return f"web-{Path(given.argument).name or 'clone'}".replace(".", "-")


@pytest.fixture(scope="module")
def web(pack: Pack, given: Given, name: str) -> Built:
    """``samples/web``, built without a cache."""
    return pack.build(name, SAMPLES / "web", given, env=WEB_ENV)


@pytest.fixture(scope="module")
def web_server(docker: Docker, web: Built) -> Iterator[Server]:
    with docker.serve(web.image) as server:
        yield server


@pytest.fixture(scope="module")
def first_web_ids() -> set[str]:
    """The image ids seen over all ways of giving the buildpack."""
    return set()


def test_the_web_sample_answers_html_and_json(web_server: Server) -> None:
    page = web_server.get("/")
    created = web_server.request("POST", "/api/messages", json={"text": "hello"})
    listed = web_server.get("/api/messages")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1>Set at build time</h1>" in page.text
    assert created.status_code == 201
    assert [message["text"] for message in listed.json()] == ["hello"]


def test_the_server_is_the_process_that_gets_the_signal(docker: Docker, web: Built) -> None:
    with docker.serve(web.image) as server:
        server.get("/")

        assert server.stop() == 0
        assert "shutting down" in server.log()


def test_build_variables_are_defaults_or_overrides_at_run_time(docker: Docker, web: Built) -> None:
    def value(variable: str, **env: str) -> str:
        return docker.shell(web.image, f"echo ${variable}", env=env).strip()

    assert value("SHOWN") == "from the build"
    assert value("SHOWN", SHOWN="from the user") == "from the user"
    assert value("GREETING", GREETING="from the user") == "Set at build time"


def test_the_image_is_labelled(docker: Docker, web: Built) -> None:
    labels = docker.labels(web.image)

    assert labels["com.example.team"] == "lab"
    assert labels["org.opencontainers.image.title"] == "A board"
    described = docker.label(web.image, "io.buildpacks.build.metadata")
    assert [buildpack["id"] for buildpack in described["buildpacks"]] == ["gobp/go"]
    assert [process["type"] for process in described["processes"]] == ["web"]


def test_the_image_runs_the_executable_directly_and_not_as_root(docker: Docker, web: Built) -> None:
    config = docker.config(web.image)

    assert config["Entrypoint"] == ["/cnb/process/web"]
    assert config["WorkingDir"] == "/workspace"
    assert docker.shell(web.image, "id -u").strip() == "1000"


def test_the_image_holds_neither_source_nor_toolchain(docker: Docker, web: Built) -> None:
    looked = "ls -A /workspace; ls /layers/gobp_go; find /layers -name '*.go' -o -name go.mod"

    found = docker.shell(web.image, looked).split()

    assert not {"main.go", "go.mod", "templates", "vendor", "pkg"} & set(found)
    assert not [path for path in found if path.endswith((".go", "go.mod"))]
    assert docker.shell(web.image, "command -v go || echo none").strip() == "none"


def test_the_image_is_the_same_from_cache_from_nothing_and_elsewhere(
    pack: Pack, given: Given, name: str, web: Built
) -> None:
    # Every build of the harness copies the app into a directory of its own.
    again = pack.build(name, SAMPLES / "web", given, env=WEB_ENV)
    cleared = pack.build(name, SAMPLES / "web", given, env=WEB_ENV, options=["--clear-cache"])

    kept = "Keeping the programs of the previous image"
    assert kept in again.log
    assert kept not in web.log
    assert kept not in cleared.log
    assert {again.image_id, cleared.image_id} == {web.image_id}


def test_the_image_does_not_depend_on_how_the_buildpack_was_given(
    web: Built, first_web_ids: set[str]
) -> None:
    first_web_ids.add(web.image_id)

    assert first_web_ids == {web.image_id}


def test_an_edit_rebuilds_only_the_app(
    pack: Pack, docker: Docker, packaged: Given, tmp_path: Path
) -> None:
    app = copy_of("web", tmp_path)
    before = pack.build("edited", app, packaged)
    page = app / "templates/index.html"
    page.write_text(page.read_text().replace("Nobody has written yet.", "It is quiet here."))

    after = pack.build("edited", app, packaged)

    assert after.image_id != before.image_id
    assert "Reusing cached layer" in after.log
    assert "go: downloading" not in after.log
    with docker.serve(after.image) as server:
        assert "It is quiet here." in server.get("/").text


def test_an_image_published_to_a_registry_can_be_pulled_and_run(
    pack: Pack, docker: Docker, packaged: Given, registry: str
) -> None:
    run_image = f"{registry}/lab-run"
    output_of(["docker", "tag", RUN_IMAGE, run_image])
    docker.adopt(run_image)
    output_of(["docker", "push", run_image])
    name = docker.name("web")
    reference = f"{registry}/{name}"

    pack.publish(reference, SAMPLES / "web", packaged, run_image=run_image)

    listed = requests.get(f"http://{registry}/v2/{name}/tags/list", timeout=10).json()
    assert listed["tags"] == ["latest"]
    output_of(["docker", "pull", "--quiet", reference])
    docker.adopt(reference)
    with docker.serve(reference) as server:
        assert server.get("/api/messages").json() == []


def test_a_vendored_app_downloads_no_module_and_names_its_revision(
    pack: Pack, docker: Docker, packaged: Given, tmp_path: Path
) -> None:
    app = copy_of("vendored", tmp_path)
    revision = commit_all(app)

    built = pack.build("vendored", app, packaged)

    assert "go: downloading" not in built.log
    assert docker.labels(built.image)["org.opencontainers.image.revision"] == revision
    with docker.serve(built.image) as server:
        assert server.request("POST", "/count", data="one two Two").json() == {"one": 1, "two": 2}


def test_every_command_is_a_process_and_the_procfile_adds_more(
    pack: Pack, docker: Docker, packaged: Given
) -> None:
    built = pack.build("commands", SAMPLES / "commands", packaged)

    described = docker.label(built.image, "io.buildpacks.build.metadata")
    types = {process["type"] for process in described["processes"]}
    assert types == {"web", "worker", "migrate", "once", "plan"}
    assert docker.config(built.image)["Entrypoint"] == ["/cnb/process/web"]
    assert docker.output(built.image, entrypoint="plan") == "would make /tmp/jobs.json\n"
    assert docker.output(built.image, entrypoint="migrate") == "/tmp/jobs.json: made=true\n"
    assert docker.output(built.image, entrypoint="once") == "0 jobs done\n"
    with docker.serve(built.image) as server:
        assert server.request("POST", "/jobs?name=x").status_code == 201
        assert server.get("/jobs").json() == [{"name": "x", "done": False}]


def test_an_app_from_before_modules_builds_at_its_import_path(
    pack: Pack, docker: Docker, packaged: Given
) -> None:
    env = {"BP_GO_BUILD_IMPORT_PATH": "example.com/legacy"}

    built = pack.build("gopath", SAMPLES / "gopath", packaged, env=env)

    with docker.serve(built.image) as server:
        assert server.get("/?text=hi").text == "HI!\n"


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_real_program_builds_and_works(
    pack: Pack, docker: Docker, packaged: Given, name: str
) -> None:
    program = PROGRAMS[name]
    try:
        app = sources(program)
    except ProgramUnreachable as reason:
        pytest.skip(str(reason))

    built = pack.build(name, app, packaged, env=program.env)

    described = docker.label(built.image, "io.buildpacks.build.metadata")
    types = {process["type"] for process in described["processes"]}
    assert types == {"web", *program.checks}  # "web" is the first program, by another name
    assert docker.config(built.image)["Entrypoint"] == ["/cnb/process/web"]
    for process, (arguments, printed) in program.checks.items():
        assert printed in docker.output(built.image, *arguments, entrypoint=process)


def test_a_compile_error_fails_the_build_with_the_compilers_words(
    pack: Pack, packaged: Given, tmp_path: Path
) -> None:
    app = copy_of("vendored", tmp_path)
    (app / "broken.go").write_text("package main\n\nvar broken missing\n")

    log = pack.fail("broken", app, packaged)

    assert "broken.go:3:12: undefined: missing" in log
    assert "Traceback" not in log


def test_an_app_without_go_is_refused_with_a_reason(
    pack: Pack, packaged: Given, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<p>no Go here</p>\n")

    log = pack.fail("empty", tmp_path, packaged)

    assert "No buildpack groups passed detection" in log
    assert "Traceback" not in log


def test_a_clone_without_an_interpreter_says_what_to_do(pack: Pack, bare_clone: Path) -> None:
    log = pack.fail("bare", SAMPLES / "web", Given("./", bare_clone))

    assert "make runtime" in log


def copy_of(sample: str, directory: Path) -> Path:
    """Copy a sample, to change it."""
    return shutil.copytree(SAMPLES / sample, directory / sample)


def commit_all(app: Path) -> str:
    """Make the app a git checkout of one commit, and return its id."""
    identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"]
    for arguments in (["init", "-q"], ["add", "--all"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=app, check=True, timeout=60)
    return output_of(["git", "-C", str(app), "rev-parse", "HEAD"]).strip()
