"""Renewing the Go releases of buildpack.toml."""

import tomllib
from pathlib import Path

from gobp.buildpack.go_dist.catalog import Release, releases
from gobp.buildpack.supply.dependency import dependency
from gobp.golang.version import GoVersion
from release.catalog import ARCHITECTURES, rewritten

TEXT = Path(__file__).parents[2].joinpath("buildpack.toml").read_text()
METADATA = tomllib.loads(TEXT)["metadata"]


def test_the_same_releases_give_the_same_text() -> None:
    known = {each: releases(METADATA, each) for each in ARCHITECTURES}
    in_order = [release for pair in zip(*known.values(), strict=True) for release in pair]

    assert rewritten(TEXT, in_order) == TEXT


def test_other_dependencies_stay_when_go_is_renewed() -> None:
    release = Release(GoVersion.parse("1.99.0"), "amd64", "https://example.com/go.tgz", "", "h1:x=")

    text = rewritten(TEXT, [release])

    metadata = tomllib.loads(text)["metadata"]
    assert releases(metadata, "amd64") == (release,)
    for architecture in ARCHITECTURES:
        kept = dependency(metadata, "dep", architecture)
        assert kept is not None
        assert kept == dependency(METADATA, "dep", architecture)
        assert (kept.version, len(kept.sha256)) == ("0.5.4", 64)
        assert kept.uri.endswith(f"/v0.5.4/dep-linux-{architecture}")
