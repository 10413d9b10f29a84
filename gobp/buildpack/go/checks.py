"""What of the app is to be vetted and tested: BP_GO_VET, BP_GO_TEST, BP_GO_TEST_FLAGS."""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.buildpack.go.words import split_words
from gobp.buildpack.switches import is_on
from gobp.errors import UserError

VET = "BP_GO_VET"
TEST = "BP_GO_TEST"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether something is asked for, and the words that it is asked with (none for "true")."""

    on: bool
    words: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """The words up to the first that is no flag."""
        return self.words[: len(self.words) - len(self.packages)]

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that are named, and what follows them."""
        first = next((i for i, word in enumerate(self.words) if not word.startswith("-")), None)
        return () if first is None else self.words[first:]


def asked(env: Mapping[str, str], name: str) -> Asked:
    """Read a variable that is a switch, or names packages. Raises UserError on bad words."""
    try:
        return Asked(is_on(env, name))
    except UserError:
        return Asked(on=True, words=split_words(env[name], env, named_by=name))


def flags_of_tests(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the flags of ``go test``. Raises UserError on bad words."""
    return split_words(env.get("BP_GO_TEST_FLAGS", ""), env, named_by="BP_GO_TEST_FLAGS")
