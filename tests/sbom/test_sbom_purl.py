from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.sbom import purl


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        (
            "github.com/BurntSushi/toml",
            "v1.2.0",
            "pkg:golang/github.com/BurntSushi/toml@v1.2.0",
        ),
        (
            "github.com/docker/docker",
            "v28.5.2+incompatible",
            "pkg:golang/github.com/docker/docker@v28.5.2%2Bincompatible",
        ),
        ("gopkg.in/yaml.v3", "v3.0.1", "pkg:golang/gopkg.in/yaml.v3@v3.0.1"),
        ("git.sr.ht/~me/x", "v1.0.0-rc.1", "pkg:golang/git.sr.ht/~me/x@v1.0.0-rc.1"),
        ("example.com/app", "", "pkg:golang/example.com/app"),
        ("stdlib", "1.26.8", "pkg:golang/stdlib@1.26.8"),
    ],
)
def test_a_module_has_the_package_url_that_scanners_give_it(
    path: str, version: str, expected: str
) -> None:
    assert purl.golang(path, version) == expected


module_paths = st.lists(st.text(min_size=1).map(lambda text: text.replace("/", "-")), min_size=1)


@given(module_paths, st.text())
def test_a_package_url_can_be_taken_apart_again(elements: list[str], version: str) -> None:
    path = "/".join(elements)

    url = purl.golang(path, version)

    name, _, given = url.removeprefix("pkg:golang/").partition("@")
    assert (unquote(name), unquote(given)) == (path, version)
    assert url.isascii()
    assert not set(url) & set("?# +")


# What Go allows in module paths and versions: golang.org/x/mod/module, CheckPath and CheckFilePath.
elements = st.from_regex(r"[A-Za-z0-9._~-]*[A-Za-z0-9]", fullmatch=True)
versions = st.from_regex(r"v[A-Za-z0-9#$%&()+,.=@\[\]^_{}~-]+", fullmatch=True)


@given(st.lists(elements, min_size=2), versions)
def test_another_implementation_reads_the_same(elements: list[str], version: str) -> None:
    packageurl = pytest.importorskip("packageurl", reason="packageurl-python is not installed")
    path = "/".join(elements)

    read = packageurl.PackageURL.from_string(purl.golang(path, version))

    assert f"{read.namespace}/{read.name}" == path
    assert read.version == version
