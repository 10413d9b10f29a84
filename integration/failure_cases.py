"""Apps and settings that go cannot build, one for each way to fail that can be provoked here.

``<sums>`` stands for the go.sum lines of the modules in the test's proxy, ``<server>`` for a server
that answers everything with the case's status, ``<no tools>`` for a PATH without git and gcc.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integration.by_hand import APP, MAIN, MODULE
from integration.test_bad_input import LIB, NEEDS_LIB, OTHER_SUM

SUMS, SERVER, NO_TOOLS = "<sums>", "<server>", "<no tools>"


@dataclass(frozen=True)
class Case:
    """An app that cannot be built, the failure's code, and words that its answer must have."""

    code: str
    says: str
    files: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    status: int = 404


def importing(package: str, *lines: str) -> dict[str, str]:
    """Return an app that imports a package, with more lines in its go.mod."""
    more = "".join(f"{line}\n" for line in lines)
    main = f'package main\n\nimport _ "{package}"\n\nfunc main() {{}}\n'
    return {"go.mod": MODULE + more, "main.go": main}


def with_main(text: str, **files: str) -> dict[str, str]:
    """Return an app whose main.go goes on with a text."""
    return {**APP, "main.go": f"package main\n\n{text}", **files}


def cgo(c: str, call: str = "") -> dict[str, str]:
    """Return an app with C code in a comment, of which it calls something."""
    comment = "".join(f"// {line}\n" for line in c.splitlines())
    return with_main(f'{comment}import "C"\n\nfunc main() {{ {call} }}\n')


def module(path: str, go: str = "1.26") -> str:
    """Return a go.mod."""
    return f"module {path}\n\ngo {go}\n"


def flags(text: str) -> dict[str, str]:
    """Return the variables that give go build these flags alone."""
    return {"BP_GO_BUILD_FLAGS": text}


NEEDS_LIB_WITH_SUMS = {**NEEDS_LIB, "go.sum": SUMS}
HUB = "github.com/gobp-tests/private"
PRIVATE = importing(HUB, f"require {HUB} v1.0.0")
PRIVATE["go.sum"] = f"{HUB} v1.0.0 h1:{'A' * 43}=\n{HUB} v1.0.0/go.mod h1:{'A' * 43}=\n"
HUB_IS_SERVER = {
    "GOPROXY": "direct",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": f"url.{SERVER}/.insteadOf",
    "GIT_CONFIG_VALUE_0": "https://github.com/",
}
SSH = "echo git@github.com: Permission denied '(publickey)'. >&2; exit 255"
VENDORED_IN_PART = f"# {LIB} v1.2.3\n## explicit; go 1.26\n{LIB}\n"
AT_HAND = {"BP_GO_VERSION": "*"}
WORK = "go 1.26\n\nuse {}\n"
C_PACKAGE = {"c/c.go": 'package c\n\nimport "C"\n'}

CASES = {
    "no go.sum": Case("go-sum-entry-missing", LIB, NEEDS_LIB),
    "another go.sum": Case("checksum-mismatch", LIB, {**NEEDS_LIB, "go.sum": OTHER_SUM}),
    "requirements not tidy": Case(
        "go-mod-not-tidy",
        "go mod tidy",
        {**importing(LIB, "require example.com/deep v1.0.0"), "go.sum": SUMS},
    ),
    "a package of no module": Case("module-not-required", LIB, importing(LIB)),
    "a package in two modules": Case(
        "ambiguous-import",
        "example.com/a/b",
        {
            **importing(
                "example.com/a/b",
                "require example.com/a v1.0.0",
                "require example.com/a/b v1.0.0",
            ),
            "go.sum": SUMS,
        },
    ),
    "a fork under its old name": Case(
        "module-path-mismatch",
        "replace example.com/original => example.com/fork",
        {**importing("example.com/fork", "require example.com/fork v1.0.0"), "go.sum": SUMS},
    ),
    "a module for a newer Go": Case(
        "go-too-old",
        "example.com/newer@v1.0.0 requires Go 1.99",
        {**importing("example.com/newer", "require example.com/newer v1.0.0"), "go.sum": SUMS},
    ),
    "a folder that is not given": Case(
        "replacement-missing",
        "../two",
        importing(
            "example.com/two",
            "require example.com/two v0.0.0",
            "replace example.com/two => ../two",
        ),
    ),
    "a vendor folder not in step": Case(
        "vendor-inconsistent", "go mod vendor", {**NEEDS_LIB, "vendor/modules.txt": ""}
    ),
    "a vendor folder in part": Case(
        "vendor-package-missing", LIB, {**NEEDS_LIB, "vendor/modules.txt": VENDORED_IN_PART}
    ),
    "a module that is not in go.work": Case(
        "workspace-leaves-out-module",
        "GOWORK=off",
        {
            "go.work": WORK.format("./other"),
            "other/go.mod": module("example.com/other"),
            "other/other.go": "package other\n",
            **APP,
        },
        {"BP_GO_TARGETS": "."},
    ),
    "go.work for an older Go": Case(
        "workspace-go-version", "go work use", {"go.work": "go 1.25\n\nuse .\n", **APP}, AT_HAND
    ),
    "-mod=mod in a workspace": Case(
        "mod-flag", "-mod=mod", {"go.work": WORK.format("."), **APP}, {"GOFLAGS": "-mod=mod"}
    ),
    "a private module": Case(
        "module-not-found", "GOPRIVATE", NEEDS_LIB_WITH_SUMS, {"GOPROXY": SERVER}
    ),
    "a module that is gone": Case(
        "module-not-found", "git-credentials", NEEDS_LIB_WITH_SUMS, {"GOPROXY": SERVER}, 410
    ),
    "a proxy that asks who is there": Case(
        "module-refused", "401", NEEDS_LIB_WITH_SUMS, {"GOPROXY": SERVER}, 401
    ),
    "a proxy that forbids": Case(
        "module-refused", "403", NEEDS_LIB_WITH_SUMS, {"GOPROXY": SERVER}, 403
    ),
    "a proxy that is broken": Case(
        "module-proxy-broken", "502", NEEDS_LIB_WITH_SUMS, {"GOPROXY": SERVER}, 502
    ),
    "a proxy out of reach": Case(
        "module-proxy-unreachable",
        "HTTPS_PROXY",
        NEEDS_LIB_WITH_SUMS,
        {"GOPROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"},
    ),
    "no proxy allowed": Case("module-proxy-off", LIB, NEEDS_LIB_WITH_SUMS, {"GOPROXY": "off"}),
    "a repository that asks who is there": Case(
        "git-credentials-missing", HUB, PRIVATE, HUB_IS_SERVER, 401
    ),
    "a repository that is not there": Case("git-repository-missing", HUB, PRIVATE, HUB_IS_SERVER),
    "a repository that takes no key": Case(
        "git-key-refused",
        "type ssh",
        PRIVATE,
        {
            **HUB_IS_SERVER,
            "GIT_CONFIG_KEY_0": "url.ssh://git@127.0.0.1/.insteadOf",
            "GIT_SSH_COMMAND": f'sh -c "{SSH}" --',
        },
    ),
    "no git": Case(
        "git-missing",
        "use a build image with git",
        PRIVATE,
        {"GOPROXY": "direct", "PATH": NO_TOOLS},
    ),
    "no C compiler": Case(
        "c-compiler-missing", "gcc", cgo("int x;"), {"PATH": NO_TOOLS, "CGO_ENABLED": "1"}
    ),
    "no header": Case(
        "c-header-missing", "main.go:3 includes the C header sodium.h", cgo("#include <sodium.h>")
    ),
    "no library": Case(
        "c-library-missing",
        "the C library sodium",
        cgo("#cgo LDFLAGS: -lsodium\nint x() { return 1; }", "C.x()"),
    ),
    "no symbol": Case("c-symbol-undefined", "nowhere", cgo("int nowhere();", "C.nowhere()")),
    "C code with a mistake": Case(
        "c-code-invalid", "main.go:3", cgo("int x() { return y; }", "C.x()")
    ),
    "a package of cgo, which is off": Case(
        "cgo-disabled",
        "CGO_ENABLED=1",
        {**importing("example.com/app/c"), **C_PACKAGE},
        {"CGO_ENABLED": "0"},
    ),
    "a race detector without cgo": Case(
        "cgo-needed", "CGO_ENABLED=1", APP, {"CGO_ENABLED": "0", **flags("-race")}
    ),
    "a package for Windows": Case(
        "build-constraints",
        "example.com/app/w",
        {**importing("example.com/app/w"), "w/w_windows.go": "package w\n"},
    ),
    "an import cycle": Case(
        "import-cycle",
        "circle",
        {
            **importing("example.com/app/a"),
            "a/a.go": 'package a\n\nimport _ "example.com/app/b"\n',
            "b/b.go": 'package b\n\nimport _ "example.com/app/a"\n',
        },
    ),
    "files to embed that are not there": Case(
        "embed-no-files",
        "main.go:5 embeds static/index.html",
        with_main(
            'import _ "embed"\n\n//go:embed static/index.html\nvar x string\n\nfunc main() {}\n'
        ),
    ),
    "a package without a module's path": Case(
        "package-not-in-std", "MODULE/web/handlers", importing("web/handlers")
    ),
    "an internal package": Case(
        "internal-package",
        "example.com/hidden/internal/i",
        {
            **importing("example.com/hidden/internal/i", "require example.com/hidden v1.0.0"),
            "go.sum": SUMS,
        },
    ),
    "two functions main": Case("main-redeclared", "cmd/NAME", {**APP, "other.go": MAIN}),
    "no function main": Case("main-function-missing", "func main()", with_main("func Main() {}\n")),
    "two packages in a folder": Case(
        "two-packages-in-folder", "other (other.go)", {**APP, "other.go": "package other\n"}
    ),
    "a flag that is none": Case("flag-unknown", "-trimpaths", APP, flags("-trimpaths")),
    "GOFLAGS that are none": Case("goflags-invalid", "GOFLAGS", APP, {"GOFLAGS": "trimpath"}),
    "a value that is none": Case("flag-value", "-p", APP, flags("-p=x")),
    "a build mode that is none": Case(
        "buildmode-unsupported", "-buildmode=x", APP, flags("-buildmode=x")
    ),
    "a profile that is none": Case(
        "profile-invalid", "default.pgo", {**APP, "default.pgo": "nonsense"}
    ),
    "a newer language": Case(
        "language-version",
        "go 1.22",
        {
            "go.mod": module("example.com/app", "1.18"),
            "main.go": "package main\n\nfunc main() { for range 3 { println(1) } }\n",
        },
    ),
    "code with a mistake": Case(
        "compile-error",
        "main.go:3:15: undefined: printn",
        with_main("func main() { printn() }\n"),
    ),
    "code with mistakes": Case(
        "compile-error",
        "2 errors in 2 files, the first in f.go:3:12",
        with_main("func main() { f(1) }\n", **{"f.go": "package main\n\nfunc f() { g() }\n"}),
    ),
}
