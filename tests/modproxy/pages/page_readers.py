"""Who looks at pages in tests, and what is in a page."""

from dataclasses import dataclass
from html.parser import HTMLParser

from gobp.modproxy.protocol.answers import Answer


@dataclass(frozen=True)
class Somebody:
    """A reader who may read all modules but those below a prefix."""

    name: str = ""
    hidden: str = "corp.example/"

    def may_read(self, module: str) -> bool:
        return not (self.hidden and module.startswith(self.hidden))


ANYBODY = Somebody()
ANN = Somebody("ann", hidden="")


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__()
        assert answer is not None
        assert isinstance(answer.body, bytes)
        assert answer.content_type == "text/html; charset=utf-8"
        self.status = answer.status
        self.tags: list[str] = []
        self.links: list[str] = []
        self.values: dict[str, str] = {}
        self.text = ""
        self.feed(answer.body.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += " " if tag in {"dt", "dd", "td", "th", "li", "p"} else ""
        attributes = {name: value or "" for name, value in attrs}
        self.links += [attributes[name] for name in ("href", "src", "action") if name in attributes]
        if "name" in attributes and tag == "input":
            self.values[attributes["name"]] = attributes.get("value", "")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data
