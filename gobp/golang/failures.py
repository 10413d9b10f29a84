"""What the go command says when it fails, recognised and answered with cause and remedy."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gobp.errors import UserError

_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]+@")


@dataclass(frozen=True, slots=True)
class Failure:
    """A pattern of a command's output; summary and remedy may name its groups.

    Those of go may also name ``{goproxy}``.
    """

    pattern: re.Pattern[str]
    summary: str
    remedy: str


def failure(pattern: str, summary: str, remedy: str) -> Failure:
    """Return the failure that a regular expression finds in a line."""
    return Failure(re.compile(pattern), summary, remedy)


_MODULE = r"(?P<module>[^\s@:]+@v[^\s:]+)"
_NETWORK = (
    r"(?:dial tcp|lookup |connection refused|no such host|i/o timeout|TLS handshake|network is"
    r" unreachable|proxyconnect|server misbehaving|EOF|connection reset)"
)

FAILURES = (
    failure(
        rf"{_MODULE}: (?:reading |Get ).*?{_NETWORK}(?P<rest>.*)",
        "the module {module} cannot be downloaded: the Go module proxy {goproxy} cannot be reached",
        "set GOPROXY to a Go module proxy that this build can reach (and HTTPS_PROXY or NO_PROXY "
        "where one is needed), or vendor the app with 'go mod vendor'.",
    ),
    failure(
        rf"{_MODULE}: module lookup disabled by GOPROXY=off",
        "the module {module} cannot be downloaded: GOPROXY is off",
        "set GOPROXY to a Go module proxy that this build can reach, or vendor the app with "
        "'go mod vendor'.",
    ),
    failure(
        rf"{_MODULE}: reading .*: (?P<status>40[013] .+)",
        "the Go module proxy {goproxy} refuses the module {module}: {status}",
        "choose a version that the proxy serves, give the build credentials for it, or set "
        "GOPROXY to another proxy; vendoring with 'go mod vendor' needs none.",
    ),
    failure(
        rf"{_MODULE}: (?:reading )?.*(?:404 Not Found|410 Gone|unknown revision|not found)",
        "the module {module} was not found through {goproxy}",
        "check the version in go.mod; for a private module set GOPRIVATE and give the build "
        "credentials, or vendor the app with 'go mod vendor'.",
    ),
    failure(
        r"verifying (?P<module>[^\s@:]+@[^\s:/]+)(?:/go\.mod)?: checksum mismatch",
        "the module {module} is not the one that go.sum names: its checksum is wrong",
        "find out whether {goproxy} or go.sum is wrong; only if the module was changed on purpose, "
        "run 'go clean -modcache' and 'go mod tidy' in the app and commit go.sum.",
    ),
    failure(
        r"https?://(?P<host>[^/\s:]+).*?(?:x509|tls): (?P<why>.+)",
        "the certificate of {host} is not trusted: {why}",
        "give the build the certificate of its authority (SSL_CERT_FILE names a file of them).",
    ),
    failure(
        r"signal: killed",
        "a step of the compiler was killed, most likely because the build ran out of memory",
        "give the build more memory, or compile less at once with BP_GO_BUILD_FLAGS=-p=1.",
    ),
    failure(
        r"missing go\.sum entry for (?P<what>.+?)(?: \(|;|$)",
        "go.sum has no entry for {what}",
        "run 'go mod tidy' in the app and commit go.sum.",
    ),
    failure(
        r"updates to go\.(?P<file>mod|sum) needed",
        "go.{file} is not up to date with the app's imports",
        "run 'go mod tidy' in the app and commit go.mod and go.sum.",
    ),
    failure(
        r"inconsistent vendoring in (?P<where>\S+?):?$",
        "the vendor folder does not agree with go.mod",
        "run 'go mod vendor' in the app and commit the vendor folder, or delete the folder.",
    ),
    failure(
        r"(?P<what>\S+) requires go >= (?P<version>\S+) \(running go (?P<running>[^;)]+)",
        "{what} requires Go {version} or newer, and the build runs Go {running}",
        "set BP_GO_VERSION, or the go line of go.mod, to {version} or newer.",
    ),
    failure(
        r"no required module provides package (?P<package>[^;\s]+)",
        "no module in go.mod provides the package {package}",
        "run 'go get {package}' in the app and commit go.mod and go.sum.",
    ),
    failure(
        r'C compiler "(?P<compiler>[^"]+)" not found',
        "the app uses cgo, and the build image has no C compiler {compiler}",
        "use a build image with a C compiler, or set CGO_ENABLED=0 if the app builds without cgo.",
    ),
    failure(
        r"build constraints exclude all Go files in (?P<where>\S+)",
        "every Go file in {where} is excluded by build constraints",
        "check the //go:build lines and file names, and name tags in BP_GO_BUILD_FLAGS=-tags=...",
    ),
    failure(
        r"error obtaining VCS status: (?P<why>.+)",
        "the version control status of the app cannot be read: {why}",
        "add -buildvcs=false to BP_GO_BUILD_FLAGS, or give the build a whole repository.",
    ),
    failure(
        r"no space left on device",
        "the disk of the build is full",
        "free space where the build runs, or clear its cache.",
    ),
)


def explain(command: str, status: int, lines: Sequence[str], env: Mapping[str, str]) -> UserError:
    """Return the error for a go command that failed.

    ``command`` is what ran (``go build``), ``lines`` the end of its output, ``env`` its
    environment, of which GOPROXY is named in the answer.
    """
    goproxy = _CREDENTIALS.sub("//", env.get("GOPROXY", "") or "(GOPROXY is not set)")
    known = recognised(FAILURES, command, lines, {"goproxy": goproxy})
    return known or UserError(
        f"{command!r} failed with exit status {status}",
        remedy="correct what the lines above name; the same command shows it on your machine.",
    )


def recognised(
    failures: Iterable[Failure],
    command: str,
    lines: Sequence[str],
    words: Mapping[str, str] | None = None,
) -> UserError | None:
    """Return the error for the first of ``failures`` that one of the lines has, None without one.

    ``words`` are what summaries and remedies may name beside their groups.
    """
    plain = [_CREDENTIALS.sub("//", line.strip()) for line in lines]
    for each in failures:
        for line in plain:
            if match := each.pattern.search(line):
                named = {**match.groupdict(), **(words or {})}
                return UserError(
                    each.summary.format_map(named),
                    detail=f"{command}: {line}",
                    remedy=each.remedy.format_map(named),
                )
    return None
