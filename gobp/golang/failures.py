"""What the go command says when it fails, recognised and answered with cause and remedy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gobp.errors import UserError

_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]+@")


@dataclass(frozen=True, slots=True)
class _Failure:
    """A pattern of go's output; summary and remedy may name its groups and ``{goproxy}``."""

    pattern: re.Pattern[str]
    summary: str
    remedy: str


def _failure(pattern: str, summary: str, remedy: str) -> _Failure:
    return _Failure(re.compile(pattern), summary, remedy)


_MODULE = r"(?P<module>[^\s@:]+@v[^\s:]+)"
_NETWORK = (
    r"(?:dial tcp|lookup |connection refused|no such host|i/o timeout|TLS handshake|network is"
    r" unreachable|proxyconnect|server misbehaving|EOF|connection reset)"
)

FAILURES = (
    _failure(
        rf"{_MODULE}: (?:reading |Get ).*?{_NETWORK}(?P<rest>.*)",
        "the module {module} cannot be downloaded: the Go module proxy {goproxy} cannot be reached",
        "set GOPROXY to a Go module proxy that this build can reach (and HTTPS_PROXY or NO_PROXY "
        "where one is needed), or vendor the app with 'go mod vendor'.",
    ),
    _failure(
        rf"{_MODULE}: module lookup disabled by GOPROXY=off",
        "the module {module} cannot be downloaded: GOPROXY is off",
        "set GOPROXY to a Go module proxy that this build can reach, or vendor the app with "
        "'go mod vendor'.",
    ),
    _failure(
        rf"{_MODULE}: reading .*: (?P<status>40[013] .+)",
        "the Go module proxy {goproxy} refuses the module {module}: {status}",
        "choose a version that the proxy serves, give the build credentials for it, or set "
        "GOPROXY to another proxy; vendoring with 'go mod vendor' needs none.",
    ),
    _failure(
        rf"{_MODULE}: (?:reading )?.*(?:404 Not Found|410 Gone|unknown revision|not found)",
        "the module {module} was not found through {goproxy}",
        "check the version in go.mod; for a private module set GOPRIVATE and give the build "
        "credentials, or vendor the app with 'go mod vendor'.",
    ),
    _failure(
        r"verifying (?P<module>[^\s@:]+@[^\s:/]+)(?:/go\.mod)?: checksum mismatch",
        "the module {module} is not the one that go.sum names: its checksum is wrong",
        "find out whether {goproxy} or go.sum is wrong; only if the module was changed on purpose, "
        "run 'go clean -modcache' and 'go mod tidy' in the app and commit go.sum.",
    ),
    _failure(
        r"https?://(?P<host>[^/\s:]+).*?(?:x509|tls): (?P<why>.+)",
        "the certificate of {host} is not trusted: {why}",
        "give the build the certificate of its authority (SSL_CERT_FILE names a file of them).",
    ),
    _failure(
        r"signal: killed",
        "a step of the compiler was killed, most likely because the build ran out of memory",
        "give the build more memory, or compile less at once with BP_GO_BUILD_FLAGS=-p=1.",
    ),
    _failure(
        r"missing go\.sum entry for (?P<what>.+?)(?: \(|;|$)",
        "go.sum has no entry for {what}",
        "run 'go mod tidy' in the app and commit go.sum.",
    ),
    _failure(
        r"updates to go\.(?P<file>mod|sum) needed",
        "go.{file} is not up to date with the app's imports",
        "run 'go mod tidy' in the app and commit go.mod and go.sum.",
    ),
    _failure(
        r"inconsistent vendoring in (?P<where>\S+?):?$",
        "the vendor folder does not agree with go.mod",
        "run 'go mod vendor' in the app and commit the vendor folder, or delete the folder.",
    ),
    _failure(
        r"(?P<what>\S+) requires go >= (?P<version>\S+) \(running go (?P<running>[^;)]+)",
        "{what} requires Go {version} or newer, and the build runs Go {running}",
        "set BP_GO_VERSION, or the go line of go.mod, to {version} or newer.",
    ),
    _failure(
        r"no required module provides package (?P<package>[^;\s]+)",
        "no module in go.mod provides the package {package}",
        "run 'go get {package}' in the app and commit go.mod and go.sum.",
    ),
    _failure(
        r'C compiler "(?P<compiler>[^"]+)" not found',
        "the app uses cgo, and the build image has no C compiler {compiler}",
        "use a build image with a C compiler, or set CGO_ENABLED=0 if the app builds without cgo.",
    ),
    _failure(
        r"build constraints exclude all Go files in (?P<where>\S+)",
        "every Go file in {where} is excluded by build constraints",
        "check the //go:build lines and file names, and name tags in BP_GO_BUILD_FLAGS=-tags=...",
    ),
    _failure(
        r"error obtaining VCS status: (?P<why>.+)",
        "the version control status of the app cannot be read: {why}",
        "add -buildvcs=false to BP_GO_BUILD_FLAGS, or give the build a whole repository.",
    ),
    _failure(
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
    for failure in FAILURES:
        for line in lines:
            if match := failure.pattern.search(line):
                return _answer(failure, match, goproxy, f"{command}: {line.strip()}")
    return UserError(
        f"{command!r} failed with exit status {status}",
        remedy="correct what the lines above name; the same command shows it on your machine.",
    )


def _answer(failure: _Failure, match: re.Match[str], goproxy: str, detail: str) -> UserError:
    words = {**match.groupdict(), "goproxy": goproxy}
    return UserError(
        failure.summary.format_map(words),
        detail=_CREDENTIALS.sub("//", detail),
        remedy=failure.remedy.format_map(words),
    )
