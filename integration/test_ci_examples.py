"""The examples of deploy/tekton, deploy/github and deploy/gitlab: their form, and what they run.

Their form is checked by the schemas of those who read them: Tekton's own definition of a Task, and
those of check-jsonschema for the other two. What they run is run: Tekton's steps in containers,
scripts in a shell, each to an image in a registry.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from gobp.oci.image import Image
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from integration.docker import Docker, output_of, run
from integration.lab import ROOT, RUN_IMAGE, TOOLS

DEPLOY = ROOT / "deploy"
TASK = DEPLOY / "tekton/task.yaml"
TASK_RUN = DEPLOY / "tekton/taskrun.yaml"
GITHUB = DEPLOY / "github/image.yml"
GITLAB = DEPLOY / "gitlab/image.gitlab-ci.yml"
TEKTON = "github.com/tektoncd/pipeline@v1.9.0"
TEKTON_SUM = "h1:f/5Vwq1bF4eQQk3hiE7Y5fMvq1nJRTxqqhq5E9YZBeQ="
SECONDS = 600
USER = 1000
_REFERENCE = re.compile(r"\$\(([^)]*)\)")


def read(path: Path) -> Any:
    """Return what a YAML file of one document holds."""
    return yaml.safe_load(path.read_text())


def check_schema(path: Path, *options: str) -> None:
    """Check a file against a schema."""
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("NOT TESTED: check-jsonschema is not installed")
    done = run([sys.executable, "-m", "check_jsonschema", *options, str(path)])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tekton() -> Path:
    """The definitions of Tekton's objects; skipped where the module proxy does not give them."""
    if shutil.which("go") is None:
        pytest.skip("NOT TESTED with Tekton: the go command is not on PATH")
    done = run(["go", "mod", "download", "-json", TEKTON], seconds=SECONDS)
    module = json.loads(done.stdout)
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED with Tekton: {module.get('Error', done.stderr)}")
    assert module["Sum"] == TEKTON_SUM, f"{TEKTON} is not the module that was pinned"
    return Path(module["Dir"], "config/300-crds")


@pytest.mark.parametrize(("path", "name"), [(TASK, "task"), (TASK_RUN, "taskrun")])
def test_tekton_knows_every_field(tekton: Path, tmp_path: Path, path: Path, name: str) -> None:
    definition = read(tekton / f"300-{name}.yaml")
    (schema,) = [
        version["schema"]["openAPIV3Schema"]
        for version in definition["spec"]["versions"]
        if version["name"] == "v1"
    ]
    (tmp_path / "schema.json").write_text(json.dumps(closed(schema)))

    check_schema(path, "--schemafile", str(tmp_path / "schema.json"))


def closed(schema: Any) -> Any:
    """Return a definition's schema such that fields it does not know are errors."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    opened = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and not opened:
        found["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        return {}
    return found


def test_github_and_gitlab_know_every_field() -> None:
    check_schema(GITHUB, "--builtin-schema", "vendor.github-workflows")
    check_schema(GITLAB, "--builtin-schema", "vendor.gitlab-ci")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample app as a git checkout."""
    app = shutil.copytree(ROOT / "samples/vendored", tmp_path_factory.mktemp("app") / "app")
    identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"]
    for argv in (["init", "-q"], ["add", "--all"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *argv], cwd=app, check=True, timeout=60)
    return app


def head(app: Path) -> str:
    return output_of(["git", "-C", str(app), "rev-parse", "HEAD"]).strip()


def pushed(name: str) -> Image:
    """Return an image of the test's registry."""
    return Registries(os.environ).pull(Reference.parse(name))


def run_script(lines: list[str], *, cwd: Path, env: Mapping[str, str]) -> None:
    """Run a job's lines as its runner does: one shell, ended by the first failure."""
    assert "git clone" in lines[0]
    assert lines[1].startswith("make -C")
    # Those two lines have fetched and set up gobp: here it is this repository.
    script = "\n".join(["set -eu", *lines[2:]])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lines_of_the_github_job_build_and_push(
    app: Path, registry: str, tmp_path: Path
) -> None:
    job = read(GITHUB)["jobs"]["image"]
    steps = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    image = job["env"]["IMAGE"].replace("${{ vars.REGISTRY }}", registry)
    image = image.replace("${{ github.repository }}", "shop/web")
    image = image.replace("${{ github.sha }}", head(app))

    run_script(steps, cwd=app, env={"GOBP": str(ROOT), "IMAGE": image, "HOME": str(tmp_path)})

    assert pushed(image).config.config.labels["org.opencontainers.image.revision"] == head(app)


def test_the_lines_of_the_gitlab_job_log_in_build_and_push(
    app: Path, registry: str, tmp_path: Path
) -> None:
    job = read(GITLAB)["build-image"]
    clone = str(tmp_path / "app")
    lines = [
        line.replace("/tmp/app", clone) for line in [*job["before_script"], *job["script"]]
    ]  # the job's
    env = {
        "GOBP": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": job["variables"]["XDG_CACHE_HOME"].replace("$CI_PROJECT_DIR", str(app)),
        "CI_PROJECT_DIR": str(app),
        "CI_REGISTRY": registry,
        "CI_REGISTRY_IMAGE": f"{registry}/shop/gitlab",
        "CI_REGISTRY_USER": "ci",
        "CI_REGISTRY_PASSWORD": "not-a-secret",
        "CI_COMMIT_SHA": head(app),
    }

    run_script(lines, cwd=app, env=env)

    image = pushed(f"{registry}/shop/gitlab:{head(app)}")
    assert image.config.config.labels["org.opencontainers.image.revision"] == head(app)
    login = json.loads((tmp_path / ".docker/config.json").read_text())
    assert login["auths"][registry]["auth"] == "Y2k6bm90LWEtc2VjcmV0"


@pytest.fixture(scope="module")
def builder(
    docker: Docker, dist: Path, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The builder of deploy/builder.toml, of the lab's images and the package of this tree."""
    text = (DEPLOY / "builder.toml").read_text()
    wanted = {
        "docker://registry.example.com/gobp/go:0.1.0": f"file://{dist / 'gobp.cnb'}",
        "registry.example.com/base/build:latest": "lab-build:bookworm",
        "registry.example.com/base/run:latest": RUN_IMAGE,
        'version = "0.21.0"': f'uri = "file://{tools}/lifecycle.tgz"',
    }
    for example, here in wanted.items():
        assert example in text
        text = text.replace(example, here)
    config = tmp_path_factory.mktemp("builder") / "builder.toml"
    config.write_text(text)
    name = docker.name("builder")
    options = ["--config", str(config), "--pull-policy", "never", "--target", "linux/amd64"]
    output_of([str(TOOLS / "bin/pack"), "builder", "create", name, *options], seconds=SECONDS)
    docker.adopt(name)
    return name


def test_the_steps_of_the_tekton_task_build_push_and_tell_the_digest(
    docker: Docker, builder: str, registry: str, app: Path, tmp_path: Path
) -> None:
    output_of(["docker", "tag", RUN_IMAGE, f"{registry}/tekton-run"])
    docker.adopt(f"{registry}/tekton-run")
    output_of(["docker", "push", f"{registry}/tekton-run"], seconds=SECONDS)
    shutil.copytree(app, tmp_path / "source")
    image = f"{registry}/apps/tekton"
    proxy = output_of(["go", "env", "GOPROXY"]).strip()
    given = {
        **{name: each["value"] for name, each in by_name(read(TASK_RUN)["spec"]["params"]).items()},
        "image": image,
        "builder": builder,
        "run-image": f"{registry}/tekton-run",
    }
    given["env"] = [*given["env"], f"GOPROXY={proxy}"]

    run_task(read(TASK)["spec"], given, tmp_path)

    built = pushed(image)
    assert (tmp_path / "results/digest").read_text() == built.source_digest
    assert built.config.config.labels["com.example.team"] == "shop"
    assert built.config.config.labels["org.opencontainers.image.revision"] == head(app)


def by_name(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries}


def run_task(spec: Mapping[str, Any], given: Mapping[str, Any], root: Path) -> None:
    """Run a task's steps one after the other, its volumes and workspaces in folders."""
    params = {name: each.get("default") for name, each in by_name(spec["params"]).items()}
    params |= dict(given)
    mounts = {"/tekton/results": root / "results"}
    for name in ("source", "cache"):
        mounts[f"/workspace/{name}"] = root / name
    for folder in [*mounts.values(), *(root / f"volume-{v['name']}" for v in spec["volumes"])]:
        folder.mkdir(exist_ok=True)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", root], check=True)
    for step in spec["steps"]:
        done = run(step_argv(spec, step, params, mounts, root), seconds=SECONDS)
        assert done.returncode == 0, f"{step['name']}: {done.stdout}{done.stderr}"


def step_argv(
    spec: Mapping[str, Any],
    step: Mapping[str, Any],
    params: Mapping[str, Any],
    mounts: Mapping[str, Path],
    root: Path,
) -> list[str]:
    """Return the docker command for a step."""
    template = spec["stepTemplate"]
    user = template["securityContext"]
    argv = ["docker", "run", "--rm", "--network", "host"]
    argv += ["--user", f"{user['runAsUser']}:{user['runAsGroup']}"]
    argv += [part for each in template["env"] for part in ("-e", f"{each['name']}={each['value']}")]
    volumes = {path: str(folder) for path, folder in mounts.items()}
    for mount in step.get("volumeMounts", []):
        volumes[mount["mountPath"]] = str(root / f"volume-{mount['name']}")
    arguments = [part for each in step.get("args", []) for part in expanded(each, params)]
    if "script" in step:
        script = root / f"script-{step['name']}"
        script.write_text(expanded(step["script"], params)[0])
        script.chmod(0o755)
        volumes["/tekton/script"] = str(script)
        entrypoint = "/tekton/script"
    else:
        entrypoint = step["command"][0]
    argv += [part for path, source in volumes.items() for part in ("-v", f"{source}:{path}")]
    image = expanded(step["image"], params)[0]
    return [*argv, "--entrypoint", entrypoint, image, *arguments]


def expanded(text: str, params: Mapping[str, Any]) -> list[str]:
    """Put in what ``$(...)`` stands for; a whole array becomes several words."""
    whole = re.fullmatch(r"\$\(params\.([\w-]+)\[\*\]\)", text)
    if whole:
        return list(params[whole[1]])

    def value(match: re.Match[str]) -> str:
        kind, name = match[1].split(".")[:2]
        if kind == "params":
            return str(params[name])
        return {"workspaces": f"/workspace/{name}", "results": f"/tekton/results/{name}"}[kind]

    return [_REFERENCE.sub(value, text)]
