"""Failures of the app's packages: what go finds in folders before it compiles."""

from gobp.golang.failures.failure import PACKAGE, failure

_WHERE = r"(?:\./)?(?P<where>[^\s:]+\.go:\d+)(?::\d+)?: "

FAILURES = (
    failure(
        "cgo-disabled",
        r"build constraints exclude all Go files in (?P<where>\S+)",
        "every Go file in {where} is left out: CGO_ENABLED is 0, which leaves out files that "
        'import "C", or build constraints exclude them',
        "set CGO_ENABLED=1 and use a build image with a C compiler, or check the //go:build lines.",
        env=(("CGO_ENABLED", "0"),),
    ),
    failure(
        "build-constraints",
        r"build constraints exclude all Go files in (?P<where>\S+)",
        "every Go file in {where} is excluded by build constraints",
        "check the //go:build lines and file names, and name tags in BP_GO_BUILD_FLAGS=-tags=... "
        '(files that import "C" need cgo).',
    ),
    failure(
        "import-cycle",
        r"imports (?P<package>[^\s:]+)(?: from [^\s:]+)?: import cycle not allowed",
        "packages import each other in a circle, which the import of {package} closes",
        "move what both need into a package of its own; the lines above show the circle.",
    ),
    failure(
        "embed-no-files",
        rf"{_WHERE}pattern (?P<pattern>.+?): no matching files found",
        "{where} embeds {pattern}, and no file matches",
        "give the build these files: commit them, or have them made before the build (go "
        "generate, an earlier buildpack), and check .gitignore and the ignore files of the "
        "platform.",
    ),
    failure(
        "embed-invalid",
        rf"{_WHERE}pattern (?P<pattern>.+?): (?P<why>cannot embed .+|invalid pattern syntax)",
        "{where} embeds {pattern}, which go does not allow: {why}",
        "embed files inside the package's folder, without links and folders of other modules.",
    ),
    failure(
        "package-not-in-std",
        r"package (?P<package>\S+) is not in (?:std|GOROOT)",
        "the package {package} is not in Go's standard library, and its path names no module",
        "write the whole import path (MODULE/{package} for a folder of the app); if it is new in "
        "the standard library, set BP_GO_VERSION to a Go that has it.",
    ),
    failure(
        "internal-package",
        r"use of (?P<kind>internal|vendored) package (?P<package>\S+) not allowed",
        "the package {package} is {kind} to another module or folder and cannot be imported here",
        "use the public packages of that module, or move the package.",
    ),
    failure(
        "program-imported",
        r"import \"(?P<package>[^\"]+)\" is a program, not an importable package",
        "{package} is a program (package main), and a package imports it",
        "import a library; to keep the version of a tool in go.mod use 'go get -tool {package}'.",
    ),
    failure(
        "main-redeclared",
        rf"{_WHERE}main redeclared in this block(?:\n\s+(?:\./)?(?P<other>[^\s:]+:\d+))?",
        "the package has two functions main: {where} and {other}",
        "give each program a folder of its own (cmd/NAME), or exclude one with //go:build ignore.",
    ),
    failure(
        "main-function-missing",
        r"function main is undeclared in the main package",
        "a package main has no function main",
        "write 'func main()', check that build constraints do not leave out its file, or name the "
        "folder of the program in BP_GO_TARGETS.",
    ),
    failure(
        "two-packages-in-folder",
        r"found packages (?P<first>\S+ \(\S+\)) and (?P<second>\S+ \(\S+\)) in (?P<where>\S+)",
        "the folder {where} holds two packages: {first} and {second}",
        "move one of them into a folder of its own.",
    ),
    failure(
        "only-tests",
        r"no non-test Go files in (?P<where>\S+)",
        "the folder {where} holds only tests",
        "name the folder of the program in BP_GO_TARGETS.",
    ),
    failure(
        "no-go-files",
        r"no (?:buildable )?Go (?:source )?files in (?P<where>\S+)",
        "there are no Go files in {where}",
        "name the folder of the program in BP_GO_TARGETS.",
    ),
    failure(
        "no-main-package",
        r"no main packages to build|no packages to build",
        "what BP_GO_TARGETS or the search for programs found has no package main",
        "name the folders of programs (package main) in BP_GO_TARGETS, separated by ':'.",
    ),
    failure(
        "folder-missing",
        r"stat (?P<where>\S+): directory not found|directory (?P<folder>\S+) (?:is )?(?:not found"
        r"|outside main module or its selected dependencies|outside available modules)",
        "there is no folder {where}{folder} in the module that is built",
        "correct BP_GO_TARGETS; BP_GO_WORKDIR names the folder of another module.",
    ),
    failure(
        "import-relative",
        r"\"(?P<package>[^\"]+)\" is relative, but relative import paths are not",
        "the import of {package} is relative, which go.mod's modules do not know",
        "import it as MODULE/FOLDER, with the module path of go.mod.",
    ),
    failure(
        "import-malformed",
        r"(?:malformed|invalid) import path:? \"?(?P<package>[^\":]+)",
        "{package} is no import path",
        "correct the import.",
    ),
    failure(
        "package-not-in-gopath",
        rf"cannot find package \"{PACKAGE}\" in any of:",
        "the package {package} is neither vendored nor in GOPATH",
        "give the app a go.mod ('go mod init', then 'go mod tidy'), or commit its vendor folder.",
    ),
    failure(
        "language-version",
        rf"{_WHERE}.+?:? (?:\(?requires|require[sd]?) "
        r"go(?P<version>[\d.]+) or later \((?:-lang was set to go(?P<lang>[\d.]+)"
        r"|file declares \S+)?",
        "{where} needs the language of Go {version}, and go.mod asks for an older one ({lang})",
        "write 'go {version}' or newer in go.mod.",
    ),
    failure(
        "generator-failed",
        rf"{_WHERE}running \"(?P<tool>[^\"]+)\": (?P<why>exit status \d+|signal: \w+)",
        "the command {tool} that {where} runs with //go:generate failed: {why}",
        "see what it says above; 'go generate' shows the same on your machine.",
    ),
    failure(
        "profile-invalid",
        r"preprofile: error (?:parsing|opening) profile: (?P<why>.+)",
        "the profile that guides the compiler cannot be used: {why}",
        "make default.pgo a CPU profile of pprof, or add -pgo=off to BP_GO_BUILD_FLAGS.",
    ),
)
