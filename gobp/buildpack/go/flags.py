"""The flags of ``go build``: the user's, and the defaults where the user gives none."""

from collections.abc import Iterable, Mapping

from gobp.buildpack.go.words import single_word, split_words
from gobp.errors import UserError

_TAKE_A_VALUE = frozenset(
    {"asmflags", "buildmode", "compiler", "covermode", "coverpkg", "gccgoflags", "gcflags"}
    | {"installsuffix", "ldflags", "mod", "modfile", "overlay", "p", "pgo", "pkgdir", "tags"}
    | {"toolexec"}
)
_REFUSED = {
    "o": "the buildpack chooses where binaries go; name the programs in BP_GO_TARGETS.",
    "C": "name the folder to build in BP_GO_WORKDIR.",
}


def user_flags(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return BP_GO_BUILD_FLAGS with BP_GO_BUILD_LDFLAGS, each flag as one word ``-name=value``.

    BP_GO_BUILD_LDFLAGS replaces every ``-ldflags`` among the flags. Raises UserError.
    """
    words = split_words(env.get("BP_GO_BUILD_FLAGS", ""), env, named_by="BP_GO_BUILD_FLAGS")
    flags = _joined(list(words))
    ldflags = env.get("BP_GO_BUILD_LDFLAGS", "")
    if not ldflags:
        return tuple(flags)
    value = single_word(ldflags, env, named_by="BP_GO_BUILD_LDFLAGS")
    return (*(flag for flag in flags if flag_name(flag) != "ldflags"), f"-ldflags={value}")


def build_flags(
    user: tuple[str, ...], goflags: str, *, mod: str, buildmode: str = "pie", ldflags: str = ""
) -> tuple[str, ...]:
    """Return the flags of the build: the user's, and a default for each that nobody gave.

    ``goflags`` is the variable GOFLAGS, which counts as given by the user; ``mod`` and
    ``buildmode`` are the defaults of these flags, "" for none. ``ldflags`` are for the linker
    besides the user's own.
    """
    given = {flag_name(flag) for flag in (*user, *goflags.split())}
    defaults = {"mod": mod, "buildmode": buildmode}
    flags = [f"-{name}={value}" for name, value in defaults.items() if value and name not in given]
    trimpath = () if "trimpath" in given else ("-trimpath",)
    return (*flags, *trimpath, *_with_ldflags(user, ldflags))


def _with_ldflags(user: tuple[str, ...], ldflags: str) -> tuple[str, ...]:
    """Add to the user's ``-ldflags``; one that says itself how to link C code stays as it is."""
    theirs = next((flag for flag in reversed(user) if flag_name(flag) == "ldflags"), "")
    if not ldflags or "-extldflags" in theirs:
        return user
    value = " ".join(part for part in (theirs.partition("=")[2], ldflags) if part)
    return (*(flag for flag in user if flag_name(flag) != "ldflags"), f"-ldflags={value}")


def flag_name(flag: str) -> str:
    """Return the name of a flag: ``buildmode`` for ``--buildmode=pie``."""
    return flag.lstrip("-").partition("=")[0]


def tags_of(flags: Iterable[str], goflags: str) -> frozenset[str]:
    """Return the build tags that flags name (commas, or spaces as before Go 1.13)."""
    values = [
        flag.partition("=")[2]
        for flag in (*goflags.split(), *flags)
        if flag_name(flag) == "tags" and "=" in flag
    ]
    return frozenset(values[-1].replace(",", " ").split()) if values else frozenset()


def _joined(words: list[str]) -> list[str]:
    flags = []
    while words:
        word = words.pop(0)
        name = flag_name(word)
        if not word.startswith("-") or not name:
            raise UserError(
                f"BP_GO_BUILD_FLAGS holds {word!r}, which is not a flag",
                remedy="write each flag as -name=value; targets go in BP_GO_TARGETS.",
            )
        if name in _REFUSED:
            raise UserError(
                f"BP_GO_BUILD_FLAGS holds {word!r}, which a buildpack cannot pass on",
                remedy=_REFUSED[name],
            )
        if name in _TAKE_A_VALUE and "=" not in word and words:
            word = f"{word}={words.pop(0)}"
        flags.append(word)
    return flags
