"""The web page of the module proxy in real Chromium, from a server started as users start it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from gobp.serving.passwords import PasswordHash
from integration.module_servers import ModuleServer, running

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP proxy.test 127.0.0.1",
]
TOML = "github.com/BurntSushi/toml"
SECRET = "corp.example/very/secret"
LONG = "example.com/" + "a-very-long-name-of-an-element/" * 3 + "without-any-place-to-break" * 3
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
SCRIPT = "<script>document.title='broken in'</script>"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A page of a browser at a server; what went wrong in it is collected."""

    page: Page
    base: str
    troubles: list[str]

    def visit(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page


def put(root: Path, tree: str, module: str, version: str, when: int = 1_790_000_000) -> None:
    """Write the files of a version to a tree, the older the smaller ``when``."""
    escaped = re.sub("[A-Z]", lambda letter: "!" + letter[0].lower(), module)
    folder = root / tree / escaped / "@v"
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "info": f'{{"Version":"{version}","Time":"2026-01-02T03:04:05Z"}}',
        "mod": f"module {module}\n",
        "zip": "no real zip " * (len(module) * 1000),
        "ziphash": "h1:5mvZQ5p2nYb0DnYdd+U6wu1DJzPLvzmNSAyDwE3vWbI=",
    }
    for extension, content in contents.items():
        file = folder / f"{version}.{extension}"
        file.write_text(content)
        os.utime(file, (when, when))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleServer]:
    """A server with a base path, a tree of 160 modules and a user."""
    folder = tmp_path_factory.mktemp("pages")
    root = folder / "root"
    for number in range(60):
        put(root, "public", TOML, f"v1.{number}.0", 1_780_000_000 + number)
    put(root, "public", TOML, "v0.0.0-20200101000000-abcdefabcdef")
    for number in range(155):
        put(root, "public", f"example.com/fleet/boat{number:03}", "v1.0.0", 1_770_000_000 + number)
    put(root, "public", "example.com/old", "v3.0.0+incompatible")
    put(root, "public", LONG, "v0.0.0-20991231235959-abcdefabcdef")
    put(root, "private", SECRET, "v1.0.0", 1_795_000_000)
    user = {
        "name": "ann",
        "password_hash": str(PasswordHash.of("correct horse")),
        "modules": "corp.example",
    }
    settings = {
        "base_path": "/team/go",
        "access": {"anonymous": "example.com,github.com", "users": [user]},
        "rules": [{"modules": "corp.example/*", "private": True, "upstream": "off"}],
        "upstream": {"proxies": "off"},
        "sums": {"database": "off"},
    }
    with running(settings, folder) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium (Debian package chromium) is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def visitor(browser: Browser, base: str, **options: object) -> Iterator[Visitor]:
    """Give a new page; the browser must have nothing to complain of in the end.

    For what is no page, such as a go.mod, it looks for a /favicon.ico, sooner or later.
    """
    context = browser.new_context(**options)  # type: ignore[arg-type] # options of each test
    page = context.new_page()
    visiting = Visitor(page, base, [])

    def note(message: ConsoleMessage) -> None:
        asked_by_itself = message.location.get("url", "").endswith("/favicon.ico")
        if message.type in {"error", "warning"} and not asked_by_itself:
            visiting.troubles.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: visiting.troubles.append(str(error)))
    yield visiting
    context.close()
    assert visiting.troubles == []


@pytest.fixture
def anybody(browser: Browser, server: ModuleServer) -> Iterator[Visitor]:
    yield from visitor(browser, server.url, viewport=DESKTOP)


@pytest.fixture
def ann(browser: Browser, server: ModuleServer) -> Iterator[Visitor]:
    """Somebody who followed the link to log in."""
    credentials = {"username": "ann", "password": "correct horse", "send": "always"}
    for visiting in visitor(browser, server.url, viewport=DESKTOP, http_credentials=credentials):
        visiting.visit("/").get_by_role("link", name="Log in").click()
        expect(visiting.page).to_have_url(f"{server.url}/")
        expect(visiting.page.get_by_role("navigation", name="Main")).to_contain_text("ann")
        yield visiting


@pytest.fixture
def phone(browser: Browser, server: ModuleServer) -> Iterator[Visitor]:
    yield from visitor(browser, server.url, viewport=PHONE, is_mobile=True, has_touch=True)


def names(page: Page) -> list[str]:
    """Return the modules in the table that is shown."""
    return page.locator("table.modules tbody th a").all_inner_texts()


def test_a_module_is_found_from_the_home_page(anybody: Visitor) -> None:
    page = anybody.visit("/")
    page.get_by_label("Search modules by path").fill("BURNT")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_title("BURNT - Go modules")
    assert names(page) == [TOML]
    page.get_by_role("link", name=TOML).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TOML)
    expect(page.locator("details")).to_have_count(50)
    expect(page.locator("details").first).to_contain_text("v1.59.0")
    page.get_by_role("link", name=".mod").first.click()
    assert page.url == f"{anybody.base}/github.com/!burnt!sushi/toml/@v/v1.59.0.mod"
    assert f"module {TOML}" in page.content()


def test_long_lists_are_turned_page_by_page(anybody: Visitor) -> None:
    page = anybody.visit("/-/modules?q=fleet")
    expect(page.get_by_text("155 modules")).to_be_visible()
    seen = names(page)
    while (more := page.get_by_role("link", name="Next")).count():
        more.click()
        seen += names(page)
    assert seen == [f"example.com/fleet/boat{number:03}" for number in range(155)]
    expect(page.get_by_text("Page 4 of 4")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text("Page 3 of 4")).to_be_visible()


def test_modules_are_sorted_as_was_chosen(anybody: Visitor) -> None:
    page = anybody.visit("/-/modules?q=o")
    page.get_by_role("link", name="size", exact=True).click()
    assert names(page)[0] == TOML
    expect(page.get_by_role("link", name="size", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_role("link", name="name", exact=True).click()
    assert names(page) == sorted(names(page))


def test_use_is_shown_soon_with_who_asked(ann: Visitor) -> None:
    answer = ann.page.request.get(f"{ann.base}/example.com/old/@v/v3.0.0+incompatible.mod")
    assert answer.ok
    page = ann.page
    for _ in range(30):
        ann.visit("/-/modules/example.com/old")
        if page.get_by_text("ann 1 use").count():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("1 use in all")).to_be_visible()


def test_lines_are_copied_with_a_button(browser: Browser, server: ModuleServer) -> None:
    for visiting in visitor(browser, server.url, permissions=["clipboard-read", "clipboard-write"]):
        page = visiting.visit("/")
        button = page.get_by_role("button", name="Copy").first
        button.click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert f"go env -w GOPROXY={server.url},direct" in copied
        assert copied == page.locator("pre code").first.inner_text()
        expect(page.get_by_role("button", name="Copied")).to_have_count(0, timeout=5000)


def test_lines_are_copied_on_plain_http_of_another_host_too(
    browser: Browser, server: ModuleServer
) -> None:
    elsewhere = server.url.replace("127.0.0.1", "proxy.test")
    for visiting in visitor(browser, elsewhere):
        page = visiting.visit(f"/-/modules/{TOML}")
        assert page.evaluate("navigator.clipboard === undefined")
        page.get_by_role("button", name="Copy").first.click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        page.get_by_label("Search modules by path").click()
        page.keyboard.press("Control+V")
        expect(page.get_by_label("Search modules by path")).to_have_value(f"go get {TOML}@latest")


def test_the_settings_have_the_address_by_which_the_page_was_reached(
    browser: Browser, server: ModuleServer
) -> None:
    port = urlsplit(server.url).port
    for visiting in visitor(browser, f"http://proxy.test:{port}/team/go"):
        page = visiting.visit("/")
        expect(page.locator("pre").first).to_contain_text(
            f"GOPROXY=http://proxy.test:{port}/team/go,direct"
        )


def test_the_figures_count_private_modules_without_their_names(anybody: Visitor) -> None:
    expect(anybody.visit("/").locator("dl.figures")).to_contain_text("159")


def test_private_modules_are_shown_to_who_logged_in(anybody: Visitor, ann: Visitor) -> None:
    for path in ("/", "/-/modules?q=corp"):
        assert SECRET in ann.visit(path).content()
        assert SECRET not in anybody.visit(path).content()
    expect(ann.visit("/-/modules?q=corp").locator(".badge")).to_have_text("private")
    expect(ann.visit("/").locator("pre").first).to_contain_text("GOPRIVATE=corp.example/*")
    hidden = anybody.page.goto(f"{anybody.base}/-/modules/{SECRET}")
    assert hidden is not None
    assert hidden.status == 404
    anybody.troubles.clear()  # the browser notes the 404
    expect(anybody.page.get_by_role("heading", level=1)).to_have_text("Not here")


def test_a_script_in_a_search_is_text(anybody: Visitor) -> None:
    page = anybody.visit(f"/-/modules?q={SCRIPT}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.title() == f"{SCRIPT} - Go modules"
    expect(page.get_by_label("Search modules by path")).to_have_value(SCRIPT)


def test_a_script_that_got_in_would_not_run(anybody: Visitor) -> None:
    page = anybody.visit("/")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'broken in'";
        document.body.append(script);
    }""")
    assert page.title() == "Go modules"
    assert "Content Security Policy" in anybody.troubles.pop()


def test_everything_is_there_without_javascript(browser: Browser, server: ModuleServer) -> None:
    for visiting in visitor(browser, server.url, java_script_enabled=False):
        page = visiting.visit("/")
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)
        page.get_by_role("link", name="All modules").click()
        page.get_by_label("Search modules by path").fill("toml")
        page.keyboard.press("Enter")
        page.get_by_role("link", name=TOML).click()
        second = page.locator("details").nth(1)
        expect(second.get_by_text("go get")).to_be_hidden()
        second.locator("summary").click()
        expect(second.get_by_text("go get")).to_be_visible()


def test_the_keyboard_is_enough(anybody: Visitor) -> None:
    page = anybody.visit(f"/-/modules/{TOML}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(9):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
    while page.evaluate("document.activeElement.localName") != "summary":
        page.keyboard.press("Tab")
    closed = page.locator("details").nth(1)
    assert closed.get_attribute("open") is None
    page.keyboard.press("Enter")
    expect(closed).to_have_attribute("open", "")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/-/modules",
        f"/-/modules/{TOML}",
        f"/-/modules/{LONG}",
        "/-/modules?q=nothing-" + "x" * 190,
    ],
)
def test_a_phone_shows_pages_without_scrolling_sideways(
    phone: Visitor, path: str, tmp_path: Path
) -> None:
    page = phone.visit(path)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    assert width == PHONE["width"]
    too_small = page.evaluate("""() => [...document.querySelectorAll("input, button, nav a")]
        .filter(each => each.getBoundingClientRect().height < 24).map(each => each.outerHTML)""")
    assert too_small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/-/modules", f"/-/modules/{TOML}", "/-/modules?q=nothing"])
def test_text_can_be_read_in_light_and_dark(
    browser: Browser, server: ModuleServer, scheme: str, path: str, tmp_path: Path
) -> None:
    for visiting in visitor(browser, server.url, viewport=DESKTOP, color_scheme=scheme):
        page = visiting.visit(path)
        page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        low = page.evaluate(_LOW_CONTRAST)
        assert low == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 23, 27)"
        assert dark == (scheme == "dark")


def test_what_cannot_be_found_is_told_in_a_page(anybody: Visitor) -> None:
    answer = anybody.page.goto(f"{anybody.base}/-/modules/example.com/none")
    assert answer is not None
    assert answer.status == 404
    expect(anybody.page.get_by_role("heading", level=1)).to_have_text("Not here")
    anybody.page.get_by_role("link", name="See all modules").click()
    expect(anybody.page.get_by_role("heading", level=1)).to_have_text("All modules")
    assert len(anybody.troubles) == 1  # the browser notes the 404
    anybody.troubles.clear()


def test_no_other_site_can_frame_the_page(anybody: Visitor, server: ModuleServer) -> None:
    page = anybody.page
    page.set_content(f"<iframe src='{server.url}/'></iframe>")
    page.wait_for_timeout(500)
    with pytest.raises(BrowserError, match="Timeout"):
        page.frame_locator("iframe").get_by_role("heading").first.inner_text(timeout=500)
    anybody.troubles.clear()  # the browser tells why


# WCAG 2.1, 1.4.3: text needs a contrast of 4.5 with what is behind it.
_LOW_CONTRAST = """() => {
  const parse = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = value => {
      value /= 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) low.push(`${contrast.toFixed(2)} ${element.outerHTML.slice(0, 120)}`);
  }
  return low;
}"""
