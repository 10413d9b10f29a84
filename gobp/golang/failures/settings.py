"""Failures of flags, variables and folders that go is given."""

from gobp.golang.failures.failure import failure

FAILURES = (
    failure(
        "goflags-invalid",
        r"parsing \$GOFLAGS: (?P<why>.+)",
        "go cannot read GOFLAGS: {why}",
        "correct GOFLAGS: flags of go separated by spaces, each with a '-' ('go help build' lists "
        "them).",
    ),
    failure(
        "flag-unknown",
        r"flag provided but not defined: (?P<flag>\S+)(?:\nusage: (?P<tool>(?:go )?\w+))?",
        "{flag} is no flag of {tool}",
        "correct BP_GO_BUILD_FLAGS (and GOFLAGS): 'go help build' lists the flags; those of the "
        "linker and the compiler go into -ldflags and -gcflags.",
    ),
    failure(
        "flag-value",
        r"invalid (?:boolean )?value \"(?P<value>[^\"]*)\" for (?:flag )?(?P<flag>-\S+?):? ",
        "{value!r} is no value for the flag {flag}",
        "correct BP_GO_BUILD_FLAGS (and GOFLAGS): 'go help build' lists the flags.",
    ),
    failure(
        "platform-unsupported",
        r"unsupported GOOS/GOARCH pair (?P<pair>\S+)|unknown architecture \"?(?P<arch>\w+)",
        "Go does not build for {pair}{arch}",
        "unset GOOS and GOARCH: the build sets them for the target of the image; "
        "'go tool dist list' lists the pairs that there are.",
    ),
    failure(
        "buildmode-unsupported",
        r"-?buildmode=(?P<mode>\S+) not supported(?P<where> on \S+)?",
        "-buildmode={mode} is not supported{where}",
        "set BP_GO_BUILD_FLAGS=-trimpath, which replaces the flags of the build.",
    ),
    failure(
        "tool-missing",
        r"(?:running \"(?P<running>[^\"]+)\": )?exec: \"(?P<tool>[^\"]+)\": executable file not"
        r" found",
        "the build needs the program {tool}, and the build image has none",
        "use a build image that has {tool}; for tools written in Go, 'go get -tool' and "
        "'//go:generate go tool NAME' need no image.",
    ),
    failure(
        "go-cache-unusable",
        r"(?:failed to initialize build cache at |could not create module cache: mkdir )"
        r"(?P<where>\S+?):|build cache is required, but could not be located: (?P<why>.+)",
        "go cannot use its cache {where}{why}",
        "leave GOCACHE and GOMODCACHE to the build, or name folders that its user may write.",
    ),
    failure(
        "folder-not-writable",
        r"(?:open|mkdir|remove|rename|unlinkat|chmod|link|creating \S+:) (?P<where>[^\s:]+)"
        r"(?: [^\s:]+)?: (?P<why>permission denied|read-only file system|operation not permitted)",
        "go cannot write {where}: {why}",
        "make the app and the layers directory writable for the user of the build; GOCACHE, "
        "GOMODCACHE and GOTMPDIR are best left out.",
    ),
    failure(
        "folder-not-executable",
        r"fork/exec (?P<where>\S+): permission denied",
        "programs cannot run in the folder of {where}",
        "set GOTMPDIR to a folder that is not mounted with noexec.",
    ),
    failure(
        "file-of-flag-missing",
        r"reading overlay: open (?P<overlay>\S+): |go: open (?P<file>\S+\.mod): no such file",
        "a flag names the file {overlay}{file}, which is not there",
        "correct BP_GO_BUILD_FLAGS (and GOFLAGS).",
    ),
)
