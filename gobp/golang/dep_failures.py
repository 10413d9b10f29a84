"""What dep says when it fails, recognised and answered with cause and remedy."""

from collections.abc import Sequence

from gobp.errors import UserError
from gobp.golang.failures.failure import failure, output_of, recognised

_VENDOR = "or run 'dep ensure' on your machine and give the build the vendor folder that it fills."
_REPOSITORY = r"failed to list versions for (?P<url>[^\s]+?): "

# Of several lines that are known, the failure that stands first here is the cause.
FAILURES = (
    failure(
        "dep-vcs-missing",
        r"(?P<tool>git|hg|bzr|svn) is not installed",
        "the build image has no {tool}, with which dep fetches the app's dependencies",
        f"use a build image with {{tool}}, {_VENDOR}",
    ),
    failure(
        "dep-file-invalid",
        r"error while parsing \S*/(?P<file>Gopkg\.(?:toml|lock)): (?P<why>.+)",
        "{file} cannot be read: {why}",
        "correct {file}; 'dep check' reads it on your machine.",
    ),
    failure(
        "dep-no-version",
        r"No versions of (?P<project>\S+) met constraints",
        "no version of {project} fits what Gopkg.toml and the other dependencies ask for",
        "change its [[constraint]] or [[override]] in Gopkg.toml, run 'dep ensure' on your "
        "machine and commit Gopkg.toml and Gopkg.lock.",
    ),
    failure(
        "dep-revision-missing",
        r"failed to export (?P<project>[^\s:]+): .*?unpack tree object (?P<revision>\w+)",
        "the repository of {project} has no revision {revision}, which Gopkg.lock names",
        "run 'dep ensure -update {project}' on your machine and commit Gopkg.lock, or give "
        "Gopkg.toml a source that still has the revision.",
    ),
    failure(
        "dep-credentials-missing",
        rf"{_REPOSITORY}.*(?P<why>could not read Username|Authentication failed|error: 40[13]"
        r"|Permission denied)",
        "the repository {url} is not given to this build: {why}",
        "give the build credentials for its host; if it does not exist, correct the import path; "
        "if it is the app itself, name its import path in BP_GO_BUILD_IMPORT_PATH.",
    ),
    failure(
        "dep-certificate-untrusted",
        rf"{_REPOSITORY}.*certificate (?P<why>.+)",
        "the certificate of {url} is not trusted: {why}",
        "give the build the certificate of its authority (GIT_SSL_CAINFO names a file of them).",
    ),
    failure(
        "dep-repository-missing",
        rf"{_REPOSITORY}.*(?P<why>not found|does not appear to be a git repository"
        r"|does not exist)",
        "there is no repository at {url}",
        "correct the import path, or its source in Gopkg.toml; if it is the app itself, name its "
        "import path in BP_GO_BUILD_IMPORT_PATH.",
    ),
    failure(
        "dep-unreachable",
        rf"{_REPOSITORY}.*(?P<why>[Cc]ould not resolve .+|unable to (?:connect|look up).+"
        r"|unable to access .+|timed out.*|[Cc]onnection .+|[Nn]etwork is unreachable.*)",
        "the repository {url} cannot be reached: {why}",
        f"let the build reach that host (HTTPS_PROXY names a proxy), {_VENDOR}",
    ),
    failure(
        "dep-unreachable",
        r'unable to deduce repository and source type for "(?P<package>[^"]+)".*'
        r"(?:dial tcp|failed HTTP request)(?P<why>.*)",
        "the host of {package} cannot be asked where its repository is",
        "let the build reach that host (HTTPS_PROXY names a proxy), name the repository as its "
        f"source in Gopkg.toml, {_VENDOR}",
    ),
    failure(
        "dep-import-path-unknown",
        r'unable to deduce repository and source type for "(?P<package>[^"]+)"',
        "the import path {package} leads to no repository",
        "correct the import path, or name the repository as its source in Gopkg.toml; if it is "
        "the app itself, name its import path in BP_GO_BUILD_IMPORT_PATH.",
    ),
    failure(
        "dep-no-go-files",
        r"no dirs contained any Go code",
        "there is no Go code beside Gopkg.toml or below it",
        "name the folder with the code and Gopkg.toml in BP_GO_WORKDIR.",
    ),
    failure(
        "disk-full",
        r"no space left on device",
        "the disk of the build is full",
        "free space where the build runs, or clear its cache.",
    ),
)


def explain(status: int, lines: Sequence[str]) -> UserError:
    """Return the error for a ``dep ensure`` that failed; ``lines`` are the end of its output."""
    return recognised(FAILURES, output_of("dep ensure", lines)) or UserError(
        f"'dep ensure' failed with exit status {status}",
        remedy="correct what the lines above name; the same command shows it on your machine.",
    )
