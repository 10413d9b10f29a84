"""The parts of a build as users meet them: components, layers, process types and labels.

What docs/reference.md lists; tests hold it against the code.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A component by its name (as in BP_GO_SKIP): when it takes part, and what it does."""

    name: str
    takes_part: str
    does: str


PARTS = (
    Part("ca-certificates", "with a binding of that type", "trusts its certificates in the build"),
    Part(
        "credentials",
        "with a binding of type git-credentials, goauth, goproxy, netrc or ssh",
        "hands them to go and git, in memory",
    ),
    Part("go-dist", "always", "chooses a version of Go and gets it"),
    Part("git", "with a `.git` folder", "names the commit, as a variable and as a label"),
    Part("dep", "where dep-ensure does", "gets dep"),
    Part("dep-ensure", "with Gopkg.toml, without go.mod and vendor folder", "runs `dep ensure`"),
    Part("go-mod-vendor", "with go.mod or go.work", "gets the modules"),
    Part("go-generate", "with `BP_GO_GENERATE`", "runs `go generate`"),
    Part("go-check", "with `BP_GO_VET` or `BP_GO_TEST`", "runs `go vet` and `go test`"),
    Part("go-build", "always", "compiles, and names processes"),
    Part("sbom", "always", "writes bills of materials"),
    Part("vulnerabilities", "with `BP_GO_VULN` or `BP_GO_VULN_FAIL`", "looks for known ones"),
    Part("live-reload", "with `BP_LIVE_RELOAD_ENABLED`", "adds processes that rebuild the app"),
    Part("ca-certificates-helper", "always", "lets the image trust certificates of bindings"),
    Part(
        "source-removal",
        "always but for live reload and tests",
        "takes the source out of the image",
    ),
    Part(
        "procfile",
        "with a Procfile, a binding of that type, or `BP_PROCFILE_DEFAULT_PROCESS`",
        "adds processes",
    ),
    Part("test-image", "with `CNB_EXEC_ENV=test`", "adds the process that tests the app"),
    Part("environment-variables", "with a `BPE_*` variable", "sets variables of the running app"),
    Part("image-labels", "with `BP_IMAGE_LABELS` or a `BP_OCI_*` variable", "adds labels"),
)


@dataclass(frozen=True, slots=True)
class LayerPart:
    """A layer: its types, what it holds, and when it is made anew."""

    name: str
    types: str
    holds: str
    anew: str


LAYERS = (
    LayerPart(
        "go",
        "cache; none with a volume",
        "`go.tar.zst`: the Go distribution, without what builds do not read",
        "version or architecture changes",
    ),
    LayerPart(
        "go-sdk",
        "build; launch where asked",
        "Go, unpacked; links to it with a volume",
        "each build that compiles, or that brings Go for another buildpack",
    ),
    LayerPart("dep", "build, cache", "dep", "version, architecture or checksum changes"),
    LayerPart(
        "depcachedir",
        "cache; none with a volume",
        "DEPCACHEDIR: repositories that dep fetched",
        "dep keeps it",
    ),
    LayerPart(
        "mod-cache",
        "build; cache without a volume",
        "GOMODCACHE: what go has downloaded, not what it has unpacked; none for vendored apps",
        "go keeps it",
    ),
    LayerPart(
        "vendor",
        "cache; none with a volume",
        "`vendor.tar.zst`: the vendor folder that `go mod vendor` has made",
        "go.mod, go.sum, an import, Go's version or `GOFLAGS` changes",
    ),
    LayerPart(
        "gocache",
        "cache; launch with live reload; none with a volume",
        "`base.tar.zst` and `recent.tar.zst`: GOCACHE, without what the last build did not use",
        "the build compiles other things",
    ),
    LayerPart("targets", "launch", "`bin/` with the programs", "each build"),
    LayerPart("git", "build, launch", "`REVISION`, the commit that is checked out", "each build"),
    LayerPart(
        "credentials",
        "build",
        "where git finds the files of `git-credentials` bindings, for buildpacks after gobp",
        "each build",
    ),
    LayerPart(
        "ca-certificates",
        "build; launch with `BP_EMBED_CERTS`",
        "the certificates of bindings",
        "each build",
    ),
    LayerPart("helper", "launch", "`exec.d/ca-certificates-helper`", "the helper changes"),
    LayerPart("vulnerabilities", "launch", "`report.json`", "each build"),
    LayerPart("live-reload", "launch", "the program that watches and rebuilds", "each build"),
    LayerPart("watchexec", "launch", "watchexec, where it can be had", "version changes"),
    LayerPart("test-report", "build", "results of tests as JUnit XML", "each build"),
    LayerPart("test", "launch", "modules and settings for tests in the image", "each build"),
    LayerPart("environment-variables", "launch", "files of `env.launch`", "each build"),
)

PROCESSES = (
    ("the name of a program", "each program", "the program"),
    ("`web`", "always", "the first program, where none is called `web`"),
    ("`reload-` and a process", "with `BP_LIVE_RELOAD_ENABLED`", "watches, rebuilds, restarts it"),
    ("`test`", "with `CNB_EXEC_ENV=test`", "`go test`"),
    ("types of the Procfile", "with a Procfile", "their commands"),
)
"""Type of process, when there is one, what it starts."""
