"""Failures of cgo: compilers, headers and libraries that the build image lacks."""

from gobp.golang.failures.failure import failure

_STATIC = "use a build image that has it, or CGO_ENABLED=0 if the app builds without cgo."

FAILURES = (
    failure(
        "c-compiler-missing",
        r"C(?:\+\+)? compiler \"(?P<compiler>[^\"]+)\" not found"
        r"|exec: \"(?P<program>gcc|g\+\+|clang|cc|c\+\+)\": executable file not found",
        "the app uses cgo, and the build image has no C compiler {compiler}{program}",
        "use a build image with a C compiler, or set CGO_ENABLED=0 if the app builds without cgo.",
    ),
    failure(
        "c-header-missing",
        r"(?:\./)?(?P<where>[^\s:]+:\d+):\d+: fatal error: '?(?P<header>[^\s:']+)'?"
        r"(?:: No such file or directory| file not found)",
        "{where} includes the C header {header}, which the build image does not have",
        "use a build image with the development package that has {header}, or CGO_ENABLED=0 if "
        "the app builds without cgo.",
    ),
    failure(
        "c-code-invalid",
        r"^(?:\./)?(?P<where>[^\s:]+:\d+)(?::\d+)?: error: (?P<why>.+)",
        "the C compiler refuses {where}: {why}",
        "correct the C code, or use a build image with the versions of compiler and headers that "
        "it was written for.",
    ),
    failure(
        "c-library-missing",
        r"(?:cannot find -l|unable to find library -l|library not found for -l|library ')"
        r"(?P<library>[\w.+-]+)",
        "the linker does not find the C library {library}",
        f"{_STATIC} A static program needs the library's .a file.",
    ),
    failure(
        "c-symbol-undefined",
        r"undefined (?:reference to|symbol:?) [`'\"]?(?P<symbol>[^\s'\"`]+)",
        "the linker does not find the C symbol {symbol}",
        "name the library that has it in a '#cgo LDFLAGS: -l...' line, in the version that the "
        "app was written for.",
    ),
    failure(
        "pkg-config-missing",
        r"exec: \"pkg-config\": executable file not found",
        "the app uses cgo with pkg-config, and the build image has no pkg-config",
        _STATIC,
    ),
    failure(
        "pkg-config-package-missing",
        r"Package '?(?P<package>[\w.+-]+)'?(?:, required by .*,)? (?:was )?not found",
        "pkg-config does not find the C package {package}",
        "use a build image with the development package of {package} (PKG_CONFIG_PATH names more "
        "folders), or CGO_ENABLED=0 if the app builds without cgo.",
    ),
    failure(
        "cgo-flag-refused",
        r"invalid flag in (?P<where>#cgo \w+|go:cgo_ldflag|pkg-config --\w+): (?P<flag>\S+)",
        "go does not allow the flag {flag} in {where}",
        "allow it with CGO_CFLAGS_ALLOW or CGO_LDFLAGS_ALLOW (regular expressions), or remove it.",
    ),
    failure(
        "cgo-needed",
        r"(?P<flag>-\S+) requires (?:cgo|external \(cgo\) linking)",
        "{flag} needs cgo, which is off: CGO_ENABLED is 0, or there is no C compiler",
        "set CGO_ENABLED=1 and use a build image with a C compiler, or take {flag} out of GOFLAGS "
        "and BP_GO_BUILD_FLAGS (BP_GO_BUILD_FLAGS=-trimpath replaces the flags of the build).",
    ),
    failure(
        "c-files-without-cgo",
        r"(?P<kind>C|C\+\+|Objective-C|Fortran) source files not allowed when not using cgo",
        'a package has {kind} files, and cgo is off or no file of it imports "C"',
        "set CGO_ENABLED=1 and use a build image with a C compiler, or remove the files.",
    ),
    failure(
        "c-name-unknown",
        r"(?:\./)?(?P<where>[^\s:]+:\d+):\d+: could not determine what (?P<name>C\.\w+) refers to",
        "{where} uses {name}, which the C headers there do not declare",
        "include the header that declares it, in the version that the app was written for.",
    ),
)
