"""Every variable and binding that shapes a build: what README, ``gobp explain`` and tests list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the user's; ``name`` may end in ``*`` for a family of names."""

    name: str
    meaning: str
    default: str = ""


VARIABLES = (
    Variable(
        "BP_GO_VERSION", "Go version or constraint: `1.26`, `1.26.8`, `>=1.25 <1.27`", "go.mod"
    ),
    Variable("BP_GO_TARGETS", "what to build, separated by `:`; folders, patterns, import paths"),
    Variable("BP_GO_WORKDIR", "folder to build, relative to the app", "the app's root"),
    Variable("BP_GO_WORK_USE", "folders, separated by `:`, to make a workspace of"),
    Variable("BP_GO_BUILD_FLAGS", "flags for `go build`", "`-buildmode=pie -trimpath`"),
    Variable("BP_GO_BUILD_LDFLAGS", "value of `-ldflags`; `${NAME}` is replaced"),
    Variable(
        "BP_GO_STATIC",
        "link statically, for run images without libc",
        "true on Alpine and Paketo's static stacks",
    ),
    Variable("BP_GO_BUILD_IMPORT_PATH", "import path of an app without go.mod", "`workspace`"),
    Variable("BP_GO_GENERATE", "run `go generate` before the build", "false"),
    Variable("BP_GO_GENERATE_FLAGS", "flags for `go generate`"),
    Variable("BP_GO_GENERATE_ARGS", "packages or files for `go generate`", "all packages"),
    Variable("BP_GO_VET", "`true`, or flags and packages: run `go vet` before the build", "false"),
    Variable("BP_GO_TEST", "`true`, or packages: run `go test` before the build", "false"),
    Variable("BP_GO_TEST_FLAGS", "flags for `go test`"),
    Variable("BP_GO_TEST_REPORT", "file or folder for the results of tests as JUnit XML"),
    Variable("BP_GO_VULN", "tell known vulnerabilities of the programs", "false"),
    Variable(
        "BP_GO_VULN_FAIL",
        "stop at vulnerabilities: `any`, or from `low`, `medium`, `high`, `critical` on",
        "false",
    ),
    Variable("BP_GO_VULN_IGNORE", "ids of vulnerabilities to pass over, separated by `:`"),
    Variable("BP_KEEP_FILES", "globs, separated by `:`, of files that stay in the image"),
    Variable("BP_LIVE_RELOAD_ENABLED", "the image rebuilds and restarts the app when it changes"),
    Variable("CNB_EXEC_ENV", "`test` makes an image that runs the app's tests", "`production`"),
    Variable(
        "BP_GO_CACHE_VOLUME",
        "mounted folder that keeps Go, compiled packages and modules in place of cached layers",
    ),
    Variable("BP_GO_SKIP", "optional parts of the build to leave out, separated by `:`"),
    Variable("BP_PROCFILE_DEFAULT_PROCESS", "command of the process `web`"),
    Variable("BP_DIRECT_PROCESS", "never start a Procfile process through a shell", "false"),
    Variable(
        "BPE_*",
        "variable for the running app: `BPE_X`, and `BPE_` with `APPEND_X`, "
        "`PREPEND_X`, `DEFAULT_X`, `OVERRIDE_X`, `DELIM_X`",
    ),
    Variable("BP_IMAGE_LABELS", "labels of the image: `key=value \"other key\"='other value'`"),
    Variable(
        "BP_OCI_*",
        "label `org.opencontainers.image.*`: `AUTHORS CREATED DESCRIPTION "
        "DOCUMENTATION LICENSES REF_NAME REVISION SOURCE TITLE URL VENDOR VERSION`",
    ),
    Variable(
        "BP_DEPENDENCY_MIRROR*",
        "where else to fetch Go, or dep; `BP_DEPENDENCY_MIRROR_GO_DEV` for one host",
    ),
    Variable("BP_DISABLE_SBOM", "write no bills of materials", "false"),
    Variable("SOURCE_DATE_EPOCH", "time that bills of materials name, in seconds since 1970"),
    Variable(
        "BP_EMBED_CERTS", "the certificates of the build's bindings are in the image", "false"
    ),
    Variable(
        "BP_RUNTIME_CERT_BINDING_DISABLED",
        "the image does not trust certificates of bindings at run time",
        "false",
    ),
    Variable(
        "BP_ENABLE_RUNTIME_CERT_BINDING",
        "`false`: an older name of `BP_RUNTIME_CERT_BINDING_DISABLED=true`",
        "true",
    ),
    Variable("BP_LOG_LEVEL", "`DEBUG` writes more", "`INFO`"),
    Variable("BP_BUILD_REPORT", "file or folder, outside the app, to write the build report to"),
    Variable("GOPROXY", "Go module proxies, for modules and for Go itself"),
    Variable("GOSUMDB", "checksum database for Go itself and for modules"),
    Variable(
        "GOVULNDB", "vulnerability database, `https://` or `file://`", "`https://vuln.go.dev`"
    ),
    Variable("GOFLAGS", "flags for every go command"),
    Variable("GOWORK", "`off` builds without the app's go.work"),
    Variable("GOPRIVATE", "modules that are private; as for `go`, so are all its other variables"),
    Variable("GONOPROXY", "modules that are fetched past the proxies", "`GOPRIVATE`"),
    Variable("GONOSUMDB", "modules that no checksum database is asked about", "`GOPRIVATE`"),
    Variable("GOAUTH", "how go logs in to https servers", "`netrc`"),
    Variable("NETRC", "file of users and passwords by host", "`~/.netrc`"),
    Variable("CGO_ENABLED", "`0` builds without cgo", "go's own"),
    Variable("GOMAXPROCS", "threads of go", "all; 16 while it fetches modules"),
)

BINDINGS = (
    ("ca-certificates", "any", "certificates in PEM that are trusted, one or a bundle"),
    (
        "dependency-mapping",
        "sha256 or file name of an archive in buildpack.toml",
        "URI to fetch it from",
    ),
    ("dependency-mirror", "`default` or a host", "URI of the mirror"),
    ("go-vulndb", "`url`", "address of a vulnerability database"),
    ("Procfile", "`Procfile`", "lines of a Procfile"),
    (
        "git-credentials",
        "`credentials`, or `username` and `password`; `context`, `private`",
        "what git logs in with, and at which address",
    ),
    ("netrc", "`netrc` or `.netrc`", "users and passwords by host, for go, git and downloads"),
    (
        "goproxy",
        "`url`; `username` and `password`, or `token`; `gosumdb`, `private`, `noproxy`, `nosumdb`",
        "a Go module proxy, asked before those in GOPROXY",
    ),
    (
        "ssh",
        "`ssh-privatekey`, `known_hosts`; `hosts`, `user`, `private`",
        "key for git over ssh, and the hosts whose https:// addresses are fetched by it",
    ),
    ("goauth", "`goauth`; `private`", "headers by address, as a GOAUTH command prints them"),
)


def is_known(name: str) -> bool:
    """Tell whether a variable is one that a build reads."""
    return any(
        name.startswith(each.name[:-1]) if each.name.endswith("*") else name == each.name
        for each in VARIABLES
    )
