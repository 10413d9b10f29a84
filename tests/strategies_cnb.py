"""Hypothesis strategies for what the Buildpack API's files hold."""

from datetime import UTC, datetime
from random import Random

from hypothesis import strategies as st

from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Label, Launch, Process, Slice
from gobp.cnb.resolution import Candidate

# What toml.dumps takes: no surrogates, no control characters but tab, line feed, carriage return.
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\"\\'#=[]{}."),
    max_size=12,
)
words = texts.filter(bool)

_moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 # next line
    lambda moment: moment.replace(tzinfo=UTC)
)
_scalars = (
    texts
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _moments
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(words, _values, max_size=4)

names = st.sampled_from(["go", "node", "x", "y"])
_provides = st.lists(names, max_size=2).map(tuple)
_requires = st.lists(st.builds(Require, names), max_size=2).map(tuple)
_sections = st.builds(BuildPlan, _provides, _requires)
plans = st.builds(BuildPlan, _provides, _requires, st.lists(_sections, max_size=2).map(tuple))

_types = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
_parts = st.lists(words, max_size=3).map(tuple)
processes = st.builds(
    Process,
    type=_types,
    command=st.lists(words, min_size=1, max_size=3).map(tuple),
    args=_parts,
    working_directory=texts,
)
launches = st.builds(
    Launch,
    processes=st.lists(processes, max_size=3, unique_by=lambda process: process.type).map(tuple),
    labels=st.lists(st.builds(Label, words, texts), max_size=3, unique_by=lambda x: x.key).map(
        tuple
    ),
    slices=st.lists(st.builds(Slice, _parts), max_size=2).map(tuple),
)

variables = st.from_regex(r"[A-Z_][A-Z0-9_]{0,3}", fullmatch=True)
modifications = st.builds(Modification, variables, st.sampled_from(Operation), st.text(max_size=6))


def _folder(found: list[Modification]) -> tuple[Modification, ...]:
    return tuple(sorted(found, key=lambda each: each.file_name))


folders = st.lists(modifications, max_size=6, unique_by=lambda each: each.file_name).map(_folder)
environments = st.builds(
    LayerEnvironment,
    folders,
    folders,
    folders,
    st.dictionaries(_types, folders.filter(bool), max_size=2),
)


def random_group(source: Random) -> list[Candidate]:
    """Make a group that has a fair chance to agree: later buildpacks like what is provided."""

    def section() -> BuildPlan:
        provides = tuple(source.sample("xyz", source.choice([0, 0, 1, 1, 2])))
        requires = tuple(Require(name) for name in source.sample("xyz", source.choice([0, 1, 2])))
        return BuildPlan(provides, requires)

    def plan() -> BuildPlan:
        first = section()
        others = tuple(section() for _ in range(source.choice([0, 0, 1, 2])))
        return BuildPlan(first.provides, first.requires, others)

    count = source.randint(1, 5)
    return [Candidate(f"b{index}", source.random() < 0.6, plan()) for index in range(count)]
