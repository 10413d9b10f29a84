"""The arguments of ``go generate``: BP_GO_GENERATE_FLAGS and BP_GO_GENERATE_ARGS."""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.words import split_words


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """The flags, and the packages or files; none of these means all packages."""

    flags: tuple[str, ...]
    packages: tuple[str, ...]


def read_config(facts: DetectContext) -> GenerateConfig:
    """Read the variables. Raises UserError on words that cannot be read."""
    return GenerateConfig(
        flags=_words(facts.env, "BP_GO_GENERATE_FLAGS"),
        packages=_words(facts.env, "BP_GO_GENERATE_ARGS"),
    )


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return split_words(env.get(name, ""), env, named_by=name)
