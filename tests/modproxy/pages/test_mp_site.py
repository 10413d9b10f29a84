"""The pages: what they show, to whom, and that nothing in them is anything but text."""

import subprocess
import sys
from pathlib import Path

import pytest

from gobp.modproxy.index.index import Use
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.pages import shown
from gobp.modproxy.pages.site import Site
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.settings.schema import Access, Settings, Token
from tests.modproxy.index.module_files import published
from tests.modproxy.pages.conftest import SECRET, TOML
from tests.modproxy.pages.page_readers import ANN, ANYBODY, Page, Somebody

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def site(index: SqlIndex) -> Site:
    return Site(Settings(base_path="/team/go"), index)


def page(site: Site, path: str, query: str = "", reader: Somebody = ANN) -> Page:
    return Page(site.answer(path, query, reader))


def test_the_home_page_shows_settings_figures_and_what_is_new(site: Site) -> None:
    home = page(site, "/")
    assert home.status == 200
    assert "go env -w GOPROXY=http://127.0.0.1:8130/team/go,direct" in home.text
    assert "Modules 3 Versions 4 On disk 1.2 MB Answered from here 100.0%" in home.text
    assert f"{SECRET} v1.0.0 2023-11-14 22:13" in home.text


def test_modules_are_found_and_link_to_their_pages(site: Site) -> None:
    found = page(site, "/-/modules", "q=burnt")
    assert f"{TOML} 2 1.2 MB 3 2023-11-14 23:13" in found.text
    assert f"/team/go/-/modules/{TOML}" in found.links
    assert "example.com/m" not in found.text
    assert found.values == {"q": "burnt"}


def test_a_module_is_shown_with_its_versions(site: Site) -> None:
    module = page(site, f"/-/modules/{TOML}")
    for text in (
        f"go get {TOML}@latest",
        f"go get {TOML}@v1.4.0",
        ".info 51 B .mod 42 B .zip 1.2 MB",
        "h1:toml=",
        "2023-11-14 23:13, 3 uses in all",
        "ann 3 uses, last 2023-11-14 23:13",
        "v0.0.0-20200101000000-abcdefabcdef revision",
    ):
        assert text in module.text
    assert "/team/go/github.com/!burnt!sushi/toml/@v/v1.4.0.mod" in module.links
    assert module.text.index("v1.4.0") < module.text.index("v0.0.0-2020")


@pytest.mark.parametrize("path", ["/", "/-/modules", f"/-/modules/{TOML}", "/-/modules/no.where/x"])
def test_every_link_stays_below_the_base_path(site: Site, path: str) -> None:
    links = [link for link in page(site, path).links if not link.startswith(("?", "#"))]
    assert links
    assert all(link.startswith("/team/go/") for link in links)


@pytest.mark.parametrize(
    ("path", "query"),
    [("/", ""), ("/-/modules", ""), ("/-/modules", "q=corp"), ("/-/modules", "sort=used&q=secret")],
)
def test_private_modules_are_shown_only_to_those_who_may_read_them(
    site: Site, path: str, query: str
) -> None:
    assert SECRET in page(site, path, query, ANN).text
    assert SECRET not in page(site, path, query, ANYBODY).text


def test_a_hidden_module_looks_as_one_that_is_not_there(site: Site) -> None:
    hidden = page(site, f"/-/modules/{SECRET}", reader=ANYBODY)
    unknown = page(site, "/-/modules/corp.example/unknown", reader=ANYBODY)
    assert hidden.status == unknown.status == 404
    assert hidden.text == unknown.text.replace("corp.example/unknown", SECRET)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/-/modules/{SCRIPT}", ""),
        ("/-/modules", f"q={SCRIPT}"),
        ("/-/modules", f"q=%22%3E{SCRIPT}"),
        ("/-/modules", f"sort={SCRIPT}"),
        ("/-/modules", f"page={SCRIPT}"),
        ("/-/modules", f"q=m&sort=name&page={SCRIPT}"),
        ("/-/modules", "q=m"),
        ("/", ""),
        (f"/-/modules/{TOML}", ""),
    ],
)
def test_whatever_comes_from_outside_is_text(
    index: SqlIndex, site: Site, path: str, query: str
) -> None:
    index.published([published(f'example.com/"><m>{SCRIPT}', "v1.0.0")])
    index.used([Use(TOML, "v1.4.0", SCRIPT, Origin.TREE, 1, 1.0)])
    found = page(site, path, query)
    assert found.tags.count("script") == 1  # our own, in the head
    assert "m" not in found.tags


@pytest.mark.parametrize("path", ["/", "/-/modules", "/-/modules/no.where/x", "/-/style.css"])
def test_every_answer_has_the_headers_that_keep_browsers_safe(site: Site, path: str) -> None:
    answer = site.answer(path, "", ANN)
    assert answer is not None
    headers = dict(answer.headers)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


def test_pages_are_not_kept_but_what_they_use_is(site: Site) -> None:
    home, style = site.answer("/", "", ANN), site.answer("/-/style.css", "", ANN)
    assert home is not None
    assert style is not None
    assert (home.keep, style.keep) == ("no-store", "public, max-age=86400")
    assert style.content_type == "text/css; charset=utf-8"


def test_what_pages_use_is_there(site: Site) -> None:
    for link in page(site, "/").links:
        if "/-/" in link and "modules" not in link:
            path, _, query = link.removeprefix("/team/go").partition("?")
            answer = site.answer(path, query, ANYBODY)
            assert answer is not None
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/x", "/-/", "/-/x", "/-/modulesx", "/-/style.css/", "/index/x"])
def test_other_paths_are_left_to_others(site: Site, path: str) -> None:
    assert site.answer(path, "", ANN) is None


def test_the_feeds_are_answered_too(site: Site) -> None:
    answer = site.answer("/index", "limit=1", ANN)
    assert answer is not None
    assert answer.content_type == "application/x-ndjson"


def test_a_long_list_is_shown_page_by_page(index: SqlIndex, site: Site) -> None:
    index.published(published(f"example.com/n{number:03}") for number in range(120))
    first = page(site, "/-/modules", "q=/n")
    third = page(site, "/-/modules", "q=/n&page=3")
    assert "120 modules" in first.text
    assert ("Page 1 of 3" in first.text, "Page 3 of 3" in third.text) == (True, True)
    assert "?q=%2Fn&sort=name&page=2" in first.links
    assert [text in third.text for text in ("n099", "n100", "n119", "Next")] == [
        False,
        True,
        True,
        False,
    ]
    beyond = page(site, "/-/modules", "q=/n&page=9")
    assert "no more modules on this page" in beyond.text


def test_many_versions_are_shown_page_by_page(index: SqlIndex, site: Site) -> None:
    index.published(published("example.com/m", f"v1.{minor}.0") for minor in range(60))
    module = "/-/modules/example.com/m"
    assert "Page 1 of 2" in page(site, module).text
    assert "v1.0.0 100 B" in page(site, module, "page=2").text
    assert "no more versions" in page(site, module, "page=3").text


@pytest.mark.parametrize("query", ["page=0", "page=201", "page=x", "sort=random"])
def test_bad_parameters_are_told(site: Site, query: str) -> None:
    bad = page(site, "/-/modules", query)
    assert bad.status == 400
    assert "but must be" in bad.text


def test_browsers_are_asked_to_log_in_by_a_link(index: SqlIndex) -> None:
    access = Access(tokens=(Token(name="ann", token_hash="sha256:0"),))
    site = Site(Settings(base_path="/go", access=access), index)
    assert "/go/?login" in page(site, "/-/modules", reader=ANYBODY).links
    asked, done = site.answer("/", "login", ANYBODY), site.answer("/", "login", ANN)
    assert asked is not None
    assert done is not None
    assert (asked.status, done.status) == (401, 302)
    assert dict(asked.headers)["www-authenticate"].startswith("Basic ")
    assert dict(done.headers) == {"location": "/go/"}
    assert "/go/?login" not in page(site, "/").links


def test_nobody_is_asked_to_log_in_where_there_are_no_users(site: Site) -> None:
    assert not [link for link in page(site, "/", reader=ANYBODY).links if "login" in link]


def test_an_empty_index_tells_how_to_begin(tmp_path: Path) -> None:
    site = Site(Settings(), open_index(Settings(), tmp_path))
    assert "The first build that uses this proxy" in page(site, "/").text
    assert "The first build that uses this proxy" in page(site, "/-/modules").text
    assert "No module here has nothing" in page(site, "/-/modules", "q=nothing").text


def test_the_settings_are_shown_without_an_index_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    site = Site(Settings(), open_index(Settings(), tmp_path / "file"))
    home = page(site, "/")
    assert home.status == 200
    assert "GOPROXY" in home.text
    assert "cannot be read now" in home.text
    assert page(site, "/-/modules").status == 503


def test_a_search_longer_than_any_module_is_cut(site: Site) -> None:
    assert page(site, "/-/modules", "q=" + "x" * 1000).values["q"] == "x" * 200


def test_jinja_is_loaded_with_the_first_page_only() -> None:
    code = "import sys, gobp.modproxy.pages.site as s; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (71_700_000, "72 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_shown_with_two_or_three_digits(count: int, text: str) -> None:
    assert shown.size(count) == text
