"""Failures of go.work."""

from gobp.golang.failures.failure import PACKAGE, failure

FAILURES = (
    failure(
        "workspace-module-missing",
        r"cannot load module (?:\S+ )?listed in go\.work file: open (?P<folder>\S+)/go\.mod",
        "go.work uses the folder {folder}, which has no go.mod",
        "correct its 'use' line, give the build the folder, or set GOWORK=off to build without "
        "go.work.",
    ),
    failure(
        "workspace-leaves-out-module",
        r"current directory is contained in a module that is not one of the workspace modules"
        r"|directory prefix \S+ does not contain modules listed in go\.work",
        "the module that is built is not part of the workspace in go.work",
        "run 'go work use .' in its folder and commit go.work, add it with BP_GO_WORK_USE, or set "
        "GOWORK=off to build without go.work.",
    ),
    failure(
        "workspace-go-version",
        r"module (?P<module>\S+) listed in go\.work file requires go >= (?P<version>[\w.]+), but"
        r" go\.work lists go (?P<listed>[\w.]+)",
        "the module {module} requires Go {version}, and go.work says {listed}",
        "run 'go work use' in the app, which corrects the go line of go.work, and commit it.",
    ),
    failure(
        "workspace-module-twice",
        r"module (?P<module>\S+) appears multiple times in workspace",
        "two folders that go.work uses hold the same module {module}",
        "remove one of the 'use' lines, or give its go.mod a path of its own.",
    ),
    failure(
        "workspace-command",
        r"'(?P<command>go mod vendor)' cannot be run in workspace mode",
        "'{command}' does not work in a workspace",
        "set GOWORK=off to build without go.work.",
    ),
    failure(
        "workspace-file",
        r"reading go\.work: (?P<why>.+)|invalid GOWORK: (?P<how>.+)",
        "the file that GOWORK names cannot be used: {why}{how}",
        "set GOWORK to the whole path of a go.work file, to off, or leave it out.",
    ),
    failure(
        "package-of-another-module",
        rf"main module \((?P<module>[^)]+)\) does not contain package {PACKAGE}",
        "{package} is not part of the module {module}: a folder with a go.mod of its own is "
        "another module",
        "name that folder in BP_GO_WORKDIR, or make a workspace of both with BP_GO_WORK_USE.",
    ),
)
