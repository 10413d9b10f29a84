"""The web page of the build service in real Chromium, from a server in a process of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Target
from gobp.buildservice.state.builds import Filter
from gobp.serving.passwords import format_token_hash, new_token
from integration.test_modules_pages import _LOW_CONTRAST, ARGUMENTS, CHROMIUM, DESKTOP, PHONE
from tests.buildservice.pages.served import Served, serving
from tests.buildservice.pages.small_service import AGE, SmallService

pytestmark = pytest.mark.builds

HEY = "github.com/rakyll/hey"
SECRET = "corp.example/very/secret"
LONG = "example.com/" + "a-very-long-name-of-an-element/" * 3 + "without-any-place-to-break" * 3
SCRIPT = "<script>document.title='broken in'</script>"
COLOURS = [
    "\x1b[1;31mred and bold\x1b[0m plain \x1b[38;5;2mgreen\x1b[39m\x1b[4m under\x1b[24m",
    "\x1b[38;2;1;2;3mno such colour\x1b[m \x1b[96mbright\x1b[3m italic \x1b[48;5;200;2mdim",
    "\x1b]0;title\x07\x1b[2Kcleared \x1b[31;38mcut \x1b[99;22mshort",
]
TOKEN = new_token()


@dataclass(frozen=True, slots=True)
class Visitor:
    """A page of a browser at a service; what went wrong in it is collected."""

    page: Page
    served: Served
    troubles: list[str]

    @property
    def small(self) -> SmallService:
        return self.served.small

    def visit(self, path: str) -> Page:
        self.page.goto(self.served.url + path)
        return self.page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service below a base path with builds of each state, and a token."""
    tokens = [{"name": "ann", "token_hash": format_token_hash(TOKEN)}]
    access = {"private": "corp.example", "tokens": tokens, "quota": {"requests": 100_000}}
    with serving(tmp_path_factory.mktemp("pages"), base_path="/team", access=access) as started:
        fill(started.small)
        yield started


def fill(small: SmallService) -> None:
    """Add the builds that tests look at."""
    for version in ("v1.1.1", "v1.2.0", "v1.2.1"):
        for platform in ("linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"):
            order = Order(
                source=ModuleSource(AGE), ref=version, target=Target(*platform.split("/"))
            )
            build = small.queue(order)
            small.say(build, f"fetching {AGE} {version}", "recipe: go", level="info")
            small.say(build, "go: downloading golang.org/x/crypto v0.24.0", *COLOURS, SCRIPT)
            failed = (version, platform) == ("v1.2.0", "windows/amd64")
            if failed:
                small.say(build, "the build ended with status 1", level="error")
            state = State.FAILED if failed else State.SUCCEEDED
            small.end(build, state, "go build ended with status 1" if failed else "")
    source = GitSource("git.corp.test", "platform/tools/cli")
    tool = small.queue(Order(source=source, ref="cmd/v2.0.0", target=Target("linux", "arm", "7")))
    small.end(tool, State.TIMED_OUT, "it took longer than 20 min")
    small.end(small.queued(LONG, "v0.0.0-20991231235959-abcdefabcdef"))
    small.end(small.queued(SECRET))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium (Debian package chromium) is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def visitor(browser: Browser, served: Served, **options: object) -> Iterator[Visitor]:
    """Give a new page; the browser must have nothing to complain of in the end."""
    context = browser.new_context(**options)  # type: ignore[arg-type] # options of each test
    page = context.new_page()
    visiting = Visitor(page, served, [])

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
def anybody(browser: Browser, served: Served) -> Iterator[Visitor]:
    yield from visitor(browser, served, viewport=DESKTOP)


@pytest.fixture
def ann(browser: Browser, served: Served) -> Iterator[Visitor]:
    """Somebody who followed the link to log in."""
    credentials = {"username": "ann", "password": TOKEN, "send": "unauthorized"}
    for visiting in visitor(browser, served, viewport=DESKTOP, http_credentials=credentials):
        visiting.visit("/").get_by_role("link", name="Log in").click()
        expect(visiting.page.get_by_role("navigation", name="Main")).to_contain_text("ann")
        yield visiting


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Visitor]:
    yield from visitor(browser, served, viewport=PHONE, is_mobile=True, has_touch=True)


def running(small: SmallService, version: str, *lines: str) -> Build:
    """Return a build that runs, and has said something."""
    build = small.run(small.queued(HEY, version))
    small.say(build, "fetching", level="info")
    small.say(build, *lines)
    return build


def lines(page: Page) -> list[str]:
    return page.locator("#log li code").all_inner_texts()


def test_a_build_is_found_from_the_list(anybody: Visitor) -> None:
    page = anybody.visit("/")
    page.get_by_label("Repository").fill("FILIPPO")
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_title("FILIPPO - Builds")
    expect(page.locator("table.builds tbody tr")).to_have_count(1)
    page.get_by_role("link", name=AGE).click()
    expect(page.get_by_role("status")).to_contain_text("failed go build ended with status 1")
    expect(page.get_by_role("heading", level=1)).to_contain_text("v1.2.0 windows/amd64")
    page.get_by_role("link", name=AGE).click()
    expect(page.locator("details")).to_have_count(3)
    expect(page.locator("img.shield")).to_have_js_property("complete", True)  # noqa: FBT003 # a property
    assert page.locator("img.shield").evaluate("each => each.naturalWidth") > 50


def test_what_was_built_is_downloaded(anybody: Visitor, tmp_path: Path) -> None:
    page = anybody.visit(f"/r/{AGE}")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download age_darwin_arm64.tar.gz").first.click()
    assert downloading.value.suggested_filename == "age_darwin_arm64.tar.gz"
    assert downloading.value.path().stat().st_size > 100


def test_lines_come_while_a_build_runs_and_the_page_ends_as_the_build_does(
    anybody: Visitor,
) -> None:
    build = anybody.small.queued(HEY, "v0.0.1")
    page = anybody.visit(f"/b/{build.id}")
    expect(page.get_by_role("status")).to_have_text("queued")
    expect(page.locator("#log")).to_contain_text("No line yet.")
    anybody.small.run(build)
    anybody.small.say(build, "first", SCRIPT)
    expect(page.locator("#log li")).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("running")
    anybody.small.say(build, "second")
    expect(page.locator("#log li")).to_have_count(3)
    anybody.small.end(build)
    expect(page.get_by_role("status")).to_have_text("succeeded")
    expect(page.get_by_role("link", name="hey_linux_amd64.tar.gz")).to_be_visible()
    expect(page).to_have_title(f"succeeded: {HEY} v0.0.1 linux/amd64 - Builds")
    assert lines(page) == ["first", SCRIPT, "second"]
    expect(page.get_by_text("The connection is gone")).to_be_hidden()


def test_a_log_goes_on_where_it_was_when_the_server_is_back(anybody: Visitor) -> None:
    build = running(anybody.small, "v0.0.2", "one")
    page = anybody.visit(f"/b/{build.id}")
    expect(page.locator("#log li")).to_have_count(2)
    anybody.small.say(build, "two")
    expect(page.locator("#log li")).to_have_count(3)
    anybody.served.kill()
    anybody.small.say(build, "three", "four")
    expect(page.get_by_text("The connection is gone")).to_be_visible()
    anybody.served.start()
    expect(page.locator("#log li")).to_have_count(5, timeout=15_000)
    expect(page.get_by_text("The connection is gone")).to_be_hidden()
    anybody.small.say(build, "five")
    anybody.small.end(build)
    expect(page.get_by_role("status")).to_have_text("succeeded")
    assert lines(page) == ["fetching", "one", "two", "three", "four", "five"]
    assert anybody.troubles  # the browser notes each try
    anybody.troubles.clear()


def test_live_lines_look_as_those_of_the_page(anybody: Visitor) -> None:
    build = running(anybody.small, "v0.0.3")
    page = anybody.visit(f"/b/{build.id}")
    anybody.small.say(build, *COLOURS, SCRIPT, "a  b\tc", "")
    expect(page.locator("#log li")).to_have_count(7)
    live = page.locator("#log ol").inner_html()
    page.reload()
    expect(page.locator("#log li")).to_have_count(7)
    kept = page.locator("#log ol").inner_html()
    assert "".join(live.split()) == "".join(kept.split())
    assert page.title() != "broken in"


def test_a_log_is_followed_by_who_is_at_its_end_only(anybody: Visitor) -> None:
    build = running(anybody.small, "v0.0.4", *(f"line {number}" for number in range(200)))
    page = anybody.visit(f"/b/{build.id}")
    log = page.locator("#log")
    below = "each => each.scrollHeight - each.clientHeight - each.scrollTop"
    expect(page.locator("#log li")).to_have_count(201)
    assert log.evaluate(below) < 2
    anybody.small.say(build, "more")
    expect(page.locator("#log li")).to_have_count(202)
    assert log.evaluate(below) < 2
    log.evaluate("each => { each.scrollTop = 0; }")
    anybody.small.say(build, "still more")
    expect(page.locator("#log li")).to_have_count(203)
    assert log.evaluate("each => each.scrollTop") == 0


def test_a_build_is_asked_for_and_cancelled(ann: Visitor) -> None:
    page = ann.visit("/new")
    page.get_by_label("Repository or module").fill(f"https://{HEY}/")
    page.get_by_label("Version", exact=True).fill("v0.0.5")
    page.get_by_role("button", name="Build").click()
    expect(page.get_by_role("status")).to_have_text("queued")
    expect(page.locator("#outcome")).to_contain_text("ann")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("cancelled")
    page.get_by_role("button", name="Build again").click()
    expect(page.get_by_role("status")).to_have_text("queued")
    expect(page.locator("#outcome")).to_contain_text("retry")


def test_several_platforms_are_asked_for_at_once(anybody: Visitor) -> None:
    page = anybody.visit(f"/new?repository={HEY}&ref=v0.0.6")
    page.get_by_label("windows/amd64").check()
    page.get_by_label("Others").fill("linux/arm/7, linux/riscv64")
    page.get_by_role("button", name="Build").click()
    expect(page).to_have_url(f"{anybody.served.url}/r/{HEY}")
    version = page.locator("details", has_text="v0.0.6")
    for platform in ("linux/amd64", "windows/amd64", "linux/arm/7", "linux/riscv64"):
        expect(version.get_by_role("link", name=platform, exact=True)).to_be_visible()


def test_what_cannot_be_built_is_told_beside_what_was_written(anybody: Visitor) -> None:
    page = anybody.visit("/new")
    page.get_by_label("Repository or module").fill("example.com/missing")
    page.get_by_role("button", name="Build").click()
    expect(page.get_by_role("alert")).to_have_text("there is no example.com/missing")
    expect(page.get_by_label("Repository or module")).to_have_value("example.com/missing")
    anybody.troubles.clear()  # the browser notes the 404


def test_another_site_cannot_ask_for_builds(ann: Visitor) -> None:
    before = ann.small.builds.counts()
    page = ann.page
    page.goto("data:text/html,<form method=post><input name=x></form>")
    page.evaluate(
        f"""() => {{
        const form = document.forms[0];
        form.action = "{ann.served.url}/new";
        form.innerHTML = "<input name=repository value={HEY}><input name=target value=linux/386>";
        form.submit();
    }}"""
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    assert ann.small.builds.counts() == before
    ann.troubles.clear()  # the browser notes the 403


def test_private_builds_are_followed_by_who_logged_in(anybody: Visitor, ann: Visitor) -> None:
    build = ann.small.run(ann.small.queued(SECRET, "v2.0.0"))
    page = ann.visit(f"/b/{build.id}")
    ann.small.say(build, "confidential")
    expect(page.locator("#log")).to_contain_text("confidential")
    ann.small.end(build)
    expect(page.get_by_role("status")).to_have_text("succeeded")
    hidden = anybody.page.goto(f"{anybody.served.url}/b/{build.id}")
    assert hidden is not None
    assert hidden.status == 404
    anybody.troubles.clear()  # the browser notes the 404


def test_a_script_that_got_in_would_not_run(anybody: Visitor) -> None:
    page = anybody.visit("/")
    page.evaluate(
        """() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'broken in'";
        document.body.append(script);
    }"""
    )
    assert page.title() == "Builds"
    assert "Content Security Policy" in anybody.troubles.pop()


def test_everything_is_there_without_javascript(browser: Browser, served: Served) -> None:
    build = running(served.small, "v0.0.7", *COLOURS)
    for visiting in visitor(browser, served, java_script_enabled=False):
        page = visiting.visit("/?q=hey&version=v0.0.7")
        page.get_by_role("link", name=HEY).click()
        expect(page.locator("#log li")).to_have_count(4)
        served.small.say(build, "later")
        page.get_by_role("link", name="Load the page again").click()
        expect(page.locator("#log li")).to_have_count(5)
        page.get_by_role("link", name="As text").click()
        expect(page.locator("body")).to_contain_text("later")
        visiting.visit(f"/r/{HEY}").get_by_role("link", name="Build another").click()
        page.get_by_label("Version", exact=True).fill("v0.0.8")
        page.get_by_role("button", name="Build").click()
        expect(page.get_by_role("status")).to_have_text("queued")


def test_the_keyboard_is_enough(anybody: Visitor) -> None:
    page = anybody.visit(f"/r/{AGE}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
    anybody.visit("/new")
    page.get_by_label("Repository or module").focus()
    page.keyboard.type(HEY)
    page.keyboard.press("Tab")
    page.keyboard.type("v0.0.9")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("queued")


PATHS = ["/", f"/r/{AGE}", f"/r/{LONG}", "/new", "/?q=nothing-" + "x" * 180]


def path_of(served: Served, path: str) -> str:
    """Return a path, of a build where only its state is named."""
    if not path.startswith("/"):
        which = Filter(repository=AGE, state=State(path))
        return f"/b/{served.small.builds.listed(which)[0].id}"
    return path


@pytest.mark.parametrize("path", [*PATHS, "succeeded", "failed"])
def test_a_phone_shows_pages_without_scrolling_sideways(
    phone: Visitor, path: str, tmp_path: Path
) -> None:
    page = phone.visit(path_of(phone.served, path))
    width = page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    assert width == PHONE["width"]
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=checkbox]), button, select, nav a")]
        .filter(each => each.getBoundingClientRect().height < 24).map(each => each.outerHTML)"""
    )
    assert too_small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PATHS, "succeeded", "failed"])
def test_text_can_be_read_in_light_and_dark(
    browser: Browser, served: Served, scheme: str, path: str, tmp_path: Path
) -> None:
    for visiting in visitor(browser, served, viewport=DESKTOP, color_scheme=scheme):
        page = visiting.visit(path_of(served, path))
        page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        assert page.evaluate(_LOW_CONTRAST) == []
