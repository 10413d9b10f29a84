import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.sources.source import NotFoundError, SourceError, UnavailableError
from gobp.modproxy.vcs.imports import (
    GoImport,
    matching_import,
    parse_go_imports,
    root_of,
    static_root,
)
from gobp.modproxy.vcs.place import Root

PAGE = "https://example.com/m?go-get=1"
M = GoImport("example.com/m", "git", "https://git.example.com/m.git")


@pytest.mark.parametrize(
    ("module", "prefix", "url"),
    [
        ("github.com/a/b", "github.com/a/b", "https://github.com/a/b"),
        ("github.com/A/b.go/sub/v2", "github.com/A/b.go", "https://github.com/A/b.go"),
        ("bitbucket.org/a/b/c", "bitbucket.org/a/b", "https://bitbucket.org/a/b"),
        ("corp.example/x/y.git", "corp.example/x/y.git", "https://corp.example/x/y"),
        ("corp.example/x/y.git/sub/v2", "corp.example/x/y.git", "https://corp.example/x/y"),
    ],
)
def test_some_paths_name_their_repository(module: str, prefix: str, url: str) -> None:
    assert static_root(module) == Root(prefix, url)


@pytest.mark.parametrize("module", ["example.com/m", "gitlab.com/a/b", "xgithub.com/a/b/c"])
def test_for_others_a_page_is_asked(module: str) -> None:
    assert static_root(module) is None


@pytest.mark.parametrize(
    "module",
    [
        *("github.com", "github.com/a", "github.com/a/b.git", "bitbucket.org/a"),
        *("corp.example/x/y.hg", "10.0.0.1/x", "169.254.169.254/latest/meta-data"),
    ],
)
def test_what_cannot_be_cloned_is_not_found_and_nobody_is_asked(module: str) -> None:
    with pytest.raises(NotFoundError, match=module.partition("/")[0]):
        static_root(module)


def test_tags_in_the_head_of_a_page_are_read() -> None:
    page = """<!DOCTYPE html><HTML><head><title>a < b & c</title>
    <script>if (a < b) { "<meta name='go-import' content='no no no'>" }</script>
    <META NAME="go-import" CONTENT="example.com/m git https://git.example.com/m.git">
    <meta content='example.com/x  git\thttps://git.example.com/x.git go/lib' name='go-import'/>
    <meta name="go-source" content="a b c"><meta name="go-import" content="too few">
    </head><meta name="go-import" content="after the head">
    <body><meta name="go-import" content="in the body"></body></html>"""

    assert parse_go_imports(page) == (
        M,
        GoImport("example.com/x", "git", "https://git.example.com/x.git", "go/lib"),
    )


def test_the_body_ends_the_head_too() -> None:
    assert parse_go_imports('<body><meta name="go-import" content="a git https://b">') == ()


@given(st.text())
def test_any_text_is_a_page(text: str) -> None:
    parse_go_imports(text)


def test_the_tag_that_is_for_a_module_is_chosen() -> None:
    other = GoImport("example.com/mm", "git", "https://git.example.com/mm.git")

    assert matching_import("example.com/m/sub", [other, M], PAGE) == M
    with pytest.raises(NotFoundError, match="no meta tag go-import"):
        matching_import("example.com/n", [M], PAGE)


def test_two_tags_for_a_module_are_no_answer_but_a_proxy_is_preferred() -> None:
    proxy = GoImport("example.com/m", "mod", "https://proxy.example.com")

    with pytest.raises(UnavailableError, match="several"):
        matching_import("example.com/m", [M, M], PAGE)
    assert matching_import("example.com/m", [M, proxy], PAGE) == proxy


@pytest.mark.parametrize("url", ["https://h/x", "ssh://git@h/x", "git+ssh://git@h/x", "http://h/x"])
def test_repositories_of_git_are_named(url: str) -> None:
    found = root_of("example.com/m", GoImport("example.com/m", "git", url, "a/b/"), PAGE)

    assert found == Root("example.com/m", url.removeprefix("git+"), "a/b")


@pytest.mark.parametrize(
    ("vcs", "url", "folder"),
    [
        ("hg", "https://h/x", ""),
        ("mod", "https://h/x", ""),
        ("git", "file:///etc", ""),
        ("git", "ext::sh -c id", ""),
        ("git", "/etc", ""),
        ("git", "--upload-pack=id", ""),
        ("git", "https://user:secret@h/x", ""),
        ("git", "https://h/x", "/etc"),
        ("git", "https://h/x", "-x"),
        ("git", "https://h/x", "a/../../b"),
    ],
)
def test_nothing_else_is_cloned(vcs: str, url: str, folder: str) -> None:
    with pytest.raises(SourceError) as caught:
        root_of("example.com/m", GoImport("example.com/m", vcs, url, folder), PAGE)

    assert "secret" not in caught.value.text
