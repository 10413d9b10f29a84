"""Failures to get modules from a proxy, and to check them."""

from gobp.golang.failures.failure import CREDENTIALS_BINDINGS, MODULE, failure

_NETWORK = (
    r"(?:dial tcp|lookup |connection refused|no such host|i/o timeout|TLS handshake timeout"
    r"|network is unreachable|proxyconnect|server misbehaving|EOF|connection reset"
    r"|Client\.Timeout|context deadline exceeded)"
)
_REACH = (
    "set GOPROXY to a Go module proxy that this build can reach (and HTTPS_PROXY or NO_PROXY where "
    "one is needed), or vendor the app with 'go mod vendor'."
)

FAILURES = (
    failure(
        "checksum-database-unreachable",
        rf"{MODULE}: verifying (?:module|go\.mod): .*(?:{_NETWORK}|: [45]\d\d )",
        "the checksum database cannot be asked about the module {module}, which go.sum does not "
        "have",
        "run 'go mod tidy' on your machine and commit go.sum; for a private module set GOPRIVATE "
        "(or GONOSUMDB) to its path; GOSUMDB names another database.",
    ),
    failure(
        "certificate-untrusted",
        r"https://(?P<host>[^/\s:\"]+).*?(?:x509: |certificate verification failed|SSL certificate"
        r" problem: |certificate verify failed)(?P<why>.*)",
        "the certificate of {host} is not trusted",
        "give the build the certificate of its authority with a binding of type ca-certificates "
        "(SSL_CERT_FILE names a file of them that the build image has).",
    ),
    failure(
        "module-proxy-unreachable",
        rf"{MODULE}: (?:reading |Get ).*?{_NETWORK}",
        "the module {module} cannot be downloaded: the Go module proxy {goproxy} cannot be reached",
        _REACH,
    ),
    failure(
        "module-proxy-no-tls",
        rf"{MODULE}: Get \"https://(?P<host>[^/\s]+).*tls: first record does not look like",
        "the module {module} cannot be downloaded: {host} does not speak https",
        "write http:// in GOPROXY if the proxy has no certificate, or name its port for https.",
    ),
    failure(
        "module-proxy-tls",
        rf"{MODULE}: Get \"https://(?P<host>[^/\s\"]+).*(?:remote error: )?tls: (?P<why>.+)",
        "the module {module} cannot be downloaded: no secure connection to {host} ({why})",
        "check the proxy's certificate and the versions of TLS that it takes.",
    ),
    failure(
        "module-proxy-password",
        rf"{MODULE}: refusing to pass credentials to insecure URL",
        "the module {module} cannot be downloaded: go sends no password over http",
        "write https:// in GOPROXY, or take user and password out of it.",
    ),
    failure(
        "module-proxy-off",
        r"(?<!\S)(?P<module>[^\s:]+): module lookup disabled by GOPROXY=off",
        "the module {module} cannot be downloaded: GOPROXY is off",
        _REACH,
    ),
    failure(
        "module-proxy-off",
        r"module lookup disabled by GOPROXY=off",
        "a module that the app needs cannot be downloaded: GOPROXY is off",
        _REACH,
    ),
    failure(
        "module-proxy-empty",
        r"GOPROXY list is not the empty string, but contains no entries",
        "GOPROXY is {goproxy}, which names no proxy",
        "set GOPROXY to addresses separated by ',', to direct or to off.",
    ),
    failure(
        "module-refused",
        rf"{MODULE}: reading .*: (?P<status>40[0137] .+)",
        "the Go module proxy {goproxy} refuses the module {module}: {status}",
        f"{CREDENTIALS_BINDINGS}; or set GOPROXY to another proxy. A vendored app ('go mod "
        "vendor') needs none.",
    ),
    failure(
        "module-proxy-broken",
        rf"{MODULE}: reading .*: (?P<status>5\d\d .+)",
        "the Go module proxy {goproxy} fails to serve the module {module}: {status}",
        "build again later, or set GOPROXY to another proxy (several may stand there, separated by "
        "'|').",
    ),
    failure(
        "module-not-found",
        rf"{MODULE}: (?:reading )?.*(?:404 Not Found|410 Gone|unknown revision|no such file"
        r"|not found)",
        "the module {module} was not found through {goproxy}",
        "check path and version in go.mod; for a private module set GOPRIVATE to its path "
        f"({CREDENTIALS_BINDINGS}), or vendor the app with 'go mod vendor'.",
    ),
    failure(
        "module-not-found",
        r"(?<!\S)(?P<module>[^\s:]+): (?:reading \S+ at revision \S+: |invalid version: )?"
        r"unknown revision (?P<revision>\S+)",
        "the repository of {module} has no revision {revision}",
        "check the version in go.mod: the tag may not be pushed, or have another name.",
    ),
    failure(
        "import-path-unknown",
        r"unrecognized import path \"(?P<path>[^\"]+)\"(?:: (?P<why>.+))?",
        "the import path {path} leads to no repository",
        "check the path in go.mod; for a private module let the build reach its host, and set "
        f"GOPROXY to a proxy that serves it; {CREDENTIALS_BINDINGS}.",
    ),
    failure(
        "checksum-database-mismatch",
        r"verifying (?P<module>[^\s@:]+@[^\s:/]+)(?:/go\.mod)?: checksum mismatch\n"
        r"\s+downloaded: .*\n\s+(?!go\.sum)(?P<database>[^\s:]+): ",
        "the module {module} is not the one that the checksum database {database} knows",
        "find out who changed it: its author (a tag that was moved) or {goproxy}; use another "
        "version of the module.",
    ),
    failure(
        "checksum-mismatch",
        r"verifying (?P<module>[^\s@:]+@[^\s:/]+)(?:/go\.mod)?: checksum mismatch",
        "the module {module} is not the one that go.sum names: its checksum is wrong",
        "find out whether {goproxy} or go.sum is wrong; only if the module was changed on purpose, "
        "run 'go clean -modcache' and 'go mod tidy' in the app and commit go.sum.",
    ),
    failure(
        "download-corrupted",
        r"(?<!\S)(?P<module>[^\s:]+): zip: not a valid zip file",
        "what was downloaded as the module {module} is no zip file",
        "look at what {goproxy} answers: it may be the page of a network's gate. If it was right "
        "all along, clear the cache of the build.",
    ),
)
