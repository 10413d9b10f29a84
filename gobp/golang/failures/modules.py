"""Failures of go.mod, go.sum and the vendor folder."""

from gobp.golang.failures.failure import MODULE, PACKAGE, failure

_TIDY = "run 'go mod tidy' in the app and commit go.mod and go.sum."

FAILURES = (
    failure(
        "go-sum-entry-missing",
        rf"{MODULE}: missing go\.sum entry",
        "go.sum has no entry for the module {module}",
        "run 'go mod tidy' in the app and commit go.sum.",
    ),
    failure(
        "go-sum-entry-missing",
        r"missing go\.sum entry (?:for|needed to verify) (?P<what>.+?)"
        r"(?: \(imported by .*|; to add.*| is provided by exactly one module.*)?$",
        "go.sum has no entry for {what}",
        "run 'go mod tidy' in the app and commit go.sum.",
    ),
    failure(
        "go-mod-not-tidy",
        r"updates to go\.(?P<file>mod|sum|work) needed",
        "go.{file} is not up to date with the app's imports",
        _TIDY,
    ),
    failure(
        "go-too-old",
        r"(?P<what>\S+) requires go ?>=? ?(?P<version>[\w.]+) \(running go ?(?P<running>[^;)\s]+)",
        "{what} requires Go {version} or newer, and the build runs Go {running}",
        "set BP_GO_VERSION, or the go line of go.mod, to {version} or newer.",
    ),
    failure(
        "go-too-old",
        r"(?P<what>\S+): cannot compile Go (?P<version>[\d.]+) code"
        r"|note: module requires Go (?P<asked>[\d.]+)",
        "the code is written for Go {version}{asked}, and the build runs an older one",
        "set BP_GO_VERSION, or the go line of go.mod, to {version}{asked} or newer.",
    ),
    failure(
        "go-command-unknown",
        r"(?P<command>go \w+(?: \w+)?): unknown command",
        "the Go of this build has no '{command}'",
        "set BP_GO_VERSION to a newer Go ('go work vendor' came with 1.22), or vendor the app on "
        "your machine and commit the vendor folder.",
    ),
    failure(
        "go-mod-unknown-directive",
        r"(?:errors parsing \S+:\n|reading go\.work: )(?P<where>\S+?): unknown (?P<kind>directive"
        r"|block type): "
        r"(?P<name>\S+)",
        "{where} has the {kind} {name}, which Go does not know here",
        "remove it, or correct its name; if it is one of a newer Go, set BP_GO_VERSION to that.",
    ),
    failure(
        "go-version-line",
        r"errors parsing \S+:\n(?P<where>\S+?): invalid go version '(?P<version>[^']*)'",
        "{where} names the Go version {version!r}, which is none",
        "write a version such as 1.26 or 1.26.8 in the go line.",
    ),
    failure(
        "module-major-version",
        r"errors parsing \S+:\n(?P<where>\S+?): require (?P<module>\S+): version "
        r"\"(?P<version>[^\"]+)\" invalid: (?P<why>.+)",
        "{where} requires {module} {version}, and path and version do not fit: {why}",
        "write the path with its major version (such as {module}/v2 for v2.0.0) in go.mod and in "
        "the imports, or require a version that fits the path.",
    ),
    failure(
        "go-mod-invalid",
        r"errors parsing (?P<file>\S+):\n(?P<where>\S+?): (?P<why>.+)",
        "{where}: {why}",
        "correct {file}; 'go mod edit -fmt' shows the same on your machine.",
    ),
    failure(
        "module-path-mismatch",
        r"module declares its path as: (?P<declared>\S+)\n\s+but was required as: "
        r"(?P<required>\S+)",
        "the module required as {required} calls itself {declared}",
        "require it as {declared} (from version 2 on, the path ends in /v2, /v3 ...); if it is a "
        "fork, add 'replace {declared} => {required} VERSION' to go.mod.",
    ),
    failure(
        "replacement-missing",
        r"replacement directory (?P<folder>\S+) does not exist",
        "go.mod replaces a module with the folder {folder}, which the build does not have",
        "give the build the folder with the app (only what lies inside the app's folder is "
        "there; BP_GO_WORKDIR names the folder to build), or remove the replace line.",
    ),
    failure(
        "replacement-without-go-mod",
        r"module (?P<folder>\.\S*): reading \S*go\.mod: open \S+: no such file or directory",
        "go.mod replaces a module with the folder {folder}, which has no go.mod",
        "add a go.mod to {folder} ('go mod init'), or correct the replace line.",
    ),
    failure(
        "ambiguous-import",
        rf"ambiguous import: found package {PACKAGE} in multiple modules:(?:\n\s+.+){{0,4}}",
        "the package {package} is in more than one of the modules that go.mod requires",
        "keep the module that the app means: 'go get MODULE@none' drops another, and a newer "
        "version of the outer module often no longer has the package. Then run 'go mod tidy'.",
    ),
    failure(
        "module-not-required",
        rf"no required module provides package {PACKAGE}",
        "no module in go.mod provides the package {package}",
        "run 'go get {package}' in the app and commit go.mod and go.sum.",
    ),
    failure(
        "package-not-in-module",
        r"module (?P<module>\S+) found \((?P<version>[^\s),]+).*\), but does not contain package "
        rf"{PACKAGE}",
        "the module {module} {version} has no package {package}",
        "check the import path; another version of the module may have the package.",
    ),
    failure(
        "vendor-inconsistent",
        r"inconsistent vendoring in (?P<where>\S+?):?$(?:\n\s+.+)?",
        "the vendor folder does not agree with go.mod",
        "run 'go mod vendor' in the app ('go work vendor' for a workspace) and commit the vendor "
        "folder, or delete the folder.",
    ),
    failure(
        "vendor-package-missing",
        rf"cannot find (?:module providing )?package {PACKAGE}: import lookup disabled by"
        r" -mod=vendor"
        r"|(?P<place>\S+): cannot query module due to -mod=vendor"
        r"|cannot find package \"\.\" in:\n\s+\S*/vendor/(?P<vendored>\S+)"
        r"|(?P<other>[^\s:]+): is not in (?:your module's|the) vendor",
        "the vendor folder lacks a package that the app imports: {package}{vendored}{other}{place}",
        "run 'go mod vendor' in the app and commit the whole vendor folder; check that no "
        ".gitignore or ignore file leaves out parts of it.",
    ),
    failure(
        "mod-flag",
        r"-mod may only be set to .+ when in workspace mode, but it is set to \"(?P<set>\w+)"
        r"|build flag -mod=(?P<flag>\S+) only valid when using modules"
        r"|-mod=(?P<value>\S+) not supported",
        "the flag -mod={set}{flag}{value} does not fit this build",
        "take -mod out of GOFLAGS and BP_GO_BUILD_FLAGS: go finds out by itself whether the app "
        "is vendored; GOWORK=off builds without the workspace.",
    ),
    failure(
        "go-mod-missing",
        r"go\.mod file not found in current directory|cannot find main module|no modules specified"
        r"|go: cannot find go\.mod",
        "there is no go.mod in the folder that is built, or above it",
        "run 'go mod init MODULE' in the app and commit go.mod; if it lies in a folder, name that "
        "in BP_GO_WORKDIR.",
    ),
    failure(
        "module-file-unreadable",
        rf"{MODULE}: (?P<why>parsing go\.mod: .+)",
        "the go.mod of the module {module} cannot be read: {why}",
        "use another version of the module, or build with a newer Go (BP_GO_VERSION).",
    ),
)
