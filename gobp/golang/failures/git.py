"""Failures of git, which go runs for modules without a proxy and for the app's own revision."""

from gobp.golang.failures.failure import CREDENTIALS_BINDINGS, Failure, failure

_GIT = r"(?:^go: |\s)(?P<module>[^\s:@]+\S*?): .*git (?:ls-remote|fetch|clone).*exit status 128:"


def _git(code: str, words: str, summary: str, remedy: str) -> Failure:
    """Return a failure of a git command for a module: go's line, and below it git's words."""
    return failure(code, rf"{_GIT}(?:\n\s+.*){{0,4}}?\n\s+.*(?:{words})", summary, remedy)


FAILURES = (
    failure(
        "git-missing",
        r"missing Git command|exec: \"git\": executable file not found",
        "go needs git, and the build image has none",
        "use a build image with git, set GOPROXY to a proxy that serves every module (without "
        "'direct'), or vendor the app with 'go mod vendor'; -buildvcs=false in "
        "BP_GO_BUILD_FLAGS leaves out the app's own revision.",
    ),
    _git(
        "git-credentials-missing",
        r"could not read Username for '(?P<where>[^']+)'|could not read Password"
        r"|Authentication failed|terminal prompts disabled|returned error: 40[13]"
        r"|HTTP Basic: Access denied",
        "the repository of {module} asks for credentials, and this build has none that it takes",
        f"{CREDENTIALS_BINDINGS}; GOPRIVATE keeps private modules away from public proxies.",
    ),
    _git(
        "git-host-unknown",
        r"Host key verification failed|No \S+ host key is known for (?P<where>\S+)",
        "the host of {module} is not known to ssh",
        "put the host's key into known_hosts of a binding of type ssh ('ssh-keyscan HOST' prints "
        "it; compare it with what the host publishes).",
    ),
    _git(
        "git-key-refused",
        r"Permission denied \((?P<why>[^)]*)\)",
        "the host of {module} takes no ssh key of this build ({why})",
        "give the build a key that may read the repository, with a binding of type ssh, or use "
        "https with one of type git-credentials or netrc.",
    ),
    _git(
        "certificate-untrusted",
        r"certificate verification failed|SSL certificate problem: |certificate verify failed",
        "the certificate of the host of {module} is not trusted",
        "give the build the certificate of its authority with a binding of type ca-certificates.",
    ),
    _git(
        "git-repository-missing",
        r"[Rr]epository (?P<where>'[^']+' )?not found|does not appear to be a git repository"
        r"|does not exist",
        "the repository of {module} was not found, or this build may not see it",
        f"check the path in go.mod; for a private repository {CREDENTIALS_BINDINGS}.",
    ),
    _git(
        "git-unreachable",
        r"Could not resolve host|Failed to connect|Connection (?:refused|timed out|reset)"
        r"|Network is unreachable|returned error: 5\d\d|early EOF|hung up",
        "the repository of {module} cannot be reached",
        "let the build reach its host (HTTPS_PROXY names a proxy), set GOPROXY to a Go module "
        "proxy that serves the module, or vendor the app with 'go mod vendor'.",
    ),
    failure(
        "git-failed",
        rf"{_GIT}",
        "git cannot read the repository of {module}",
        f"check the path in go.mod and what git says above; {CREDENTIALS_BINDINGS}.",
    ),
    failure(
        "git-unreachable",
        r"(?<!\S)(?!go:)(?P<module>[^\s:@]+)(?:@\S+)?: no secure protocol found for repository",
        "the repository of {module} cannot be read over https or ssh",
        "check the path in go.mod and let the build reach its host; for a private repository "
        f"{CREDENTIALS_BINDINGS}.",
    ),
    failure(
        "vcs-not-allowed",
        r"GOVCS disallows using (?P<vcs>\S+) for (?P<kind>public|private) (?P<module>[^\s;]+)",
        "GOVCS does not allow {vcs} for the {kind} module {module}",
        "allow it in GOVCS, or set GOPROXY to a proxy that serves the module.",
    ),
    failure(
        "repository-of-another-user",
        r"detected dubious ownership in repository at '(?P<where>[^']+)'",
        "git refuses the repository in {where}: it belongs to another user",
        "give the folder to the user of the build, or add -buildvcs=false to BP_GO_BUILD_FLAGS.",
    ),
    failure(
        "vcs-status",
        r"error obtaining VCS status: (?P<why>.+)",
        "the version control status of the app cannot be read: {why}",
        "add -buildvcs=false to BP_GO_BUILD_FLAGS, or give the build a whole repository.",
    ),
)
