"""Image references are read as docker reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.oci.digest import sha256_of
from gobp.oci.reference import Reference

DIGEST = sha256_of(b"image")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("debian", "index.docker.io/library/debian:latest"),
        ("debian:bookworm", "index.docker.io/library/debian:bookworm"),
        ("demo/web", "index.docker.io/demo/web:latest"),
        ("docker.io/debian", "index.docker.io/library/debian:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/web", "localhost:5000/web:latest"),
        ("example.com/a/b__c/d.e--f:V1_x.2", "example.com/a/b__c/d.e--f:V1_x.2"),
        ("[::1]:5000/a:b", "[::1]:5000/a:b"),
        (f"demo/web@{DIGEST}", f"index.docker.io/demo/web@{DIGEST}"),
        (f"localhost:5000/a/b:tag@{DIGEST}", f"localhost:5000/a/b:tag@{DIGEST}"),
    ],
)
def test_a_name_has_a_normal_form_that_reads_as_itself(text: str, normal: str) -> None:
    reference = Reference.parse(text)
    assert str(reference) == normal
    assert Reference.parse(normal) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Demo/web",
        "demo//web",
        "/web",
        "web/",
        "demo/we b",
        "web:",
        "web:" + "t" * 129,
        "web:a:b",
        "web@",
        "web@sha256:12",
        f"web@{DIGEST.upper()}",
        "example.com:99999/web",
        "example.com:port/web",
        "-example.com/web",
        "example.com/" + "a" * 256,
        "example.com/../web",
        "web\n",
    ],
)
def test_nonsense_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(UserError) as caught:
        Reference.parse(text)
    assert "write it as" in str(caught.value)


def test_a_url_is_told_from_a_name() -> None:
    with pytest.raises(UserError, match="it is a URL"):
        Reference.parse("https://example.com/web")


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("localhost:5000/a", True),
        ("localhost/a", True),
        ("127.0.0.1:1/a", True),
        ("[::1]/a", True),
        ("[::1]:5000/a", True),
        ("localhost.example.com/a", False),
        ("demo/a", False),
    ],
)
def test_a_registry_on_this_machine_is_known(text: str, *, local: bool) -> None:
    assert Reference.parse(text).is_local is local


def test_the_digest_decides_where_there_is_also_a_tag() -> None:
    assert Reference.parse(f"a/b:tag@{DIGEST}").identifier == DIGEST
    assert Reference.parse("a/b:tag").identifier == "tag"
    assert str(Reference.parse("a/b:tag").with_digest(DIGEST)) == f"index.docker.io/a/b@{DIGEST}"


@given(st.text("aB0./:@-_", max_size=40))
def test_whatever_is_accepted_has_one_normal_form(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except UserError:
        return
    assert Reference.parse(str(reference)) == reference
