"""Whether a page is HTML that every browser reads alike, as far as templates get it wrong."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "details", "div", "dl", "fieldset", "figure", "footer", "form", "h1", "h2", "h3"}
    | {"header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"}
)
_PHRASES = frozenset({"p", "h1", "h2", "h3", "span", "code", "strong", "label", "button", "pre", "dt"})
"""What holds no block: a browser ends a ``p`` there, and leaves the rest outside."""
_CONTROLS = frozenset({"a", "button", "input", "select", "textarea", "details", "summary"})
_PARENTS = {
    "li": {"ul", "ol"},
    "tr": {"thead", "tbody", "tfoot", "table"},
    "td": {"tr"},
    "th": {"tr"},
    "caption": {"table"},
    "thead": {"table"},
    "tbody": {"table"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "option": {"select", "optgroup"},
    "summary": {"details"},
    "figcaption": {"figure"},
    "legend": {"fieldset"},
}
_REFERS = ("aria-labelledby", "aria-describedby", "for", "form", "data-copy", "aria-controls")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[tuple[str, str]] = []
        self.controls: list[tuple[str, dict[str, str | None], bool]] = []
        self.labelled: set[str] = set()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        at = f"{self.getpos()[0]}: <{tag}>"
        self.problems += (f"{at} {each}" for each in (*_of_attributes(tag, attrs), *self._of_place(tag)))
        if identifier := told.get("id"):
            self.ids.append(identifier)
        names = [name for attribute in _REFERS for name in (told.get(attribute) or "").split()]
        href = told.get("href") or ""
        self.references += [(at, name) for name in (*names, *([href[1:]] if tag == "a" and href[:1] == "#" else []))]
        if tag == "label":
            self.labelled.add(told.get("for") or "")
        if tag in {"input", "select", "textarea"} and told.get("type") != "hidden":
            self.controls.append((at, told, "label" in self.open))
        if tag not in _VOID:
            self.open.append(tag)

    def _of_place(self, tag: str) -> Iterator[str]:
        """Yield what is wrong with where an element is."""
        around = self.open[-1] if self.open else ""
        if tag in _PARENTS and around not in _PARENTS[tag]:
            yield f"in <{around}>"
        if "svg" not in self.open:
            yield from (f"in <{each}>" for each in self.open if tag in _BLOCKS and each in _PHRASES)
            yield from (f"in <{each}>" for each in self.open if tag in _CONTROLS and each in {"a", "button"})
        if tag == "form" and "form" in self.open:
            yield "in <form>"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
            return
        self.problems.append(f"{self.getpos()[0]}: </{tag}> ends no <{self.open[-1] if self.open else ''}>")
        while tag in self.open and self.open.pop() != tag:
            pass


def _of_attributes(tag: str, attrs: list[tuple[str, str | None]]) -> Iterator[str]:
    """Yield what is wrong with the attributes of an element."""
    names, told = [name for name, _ in attrs], dict(attrs)
    yield from (f"has {name} twice" for name in told if names.count(name) > 1)
    if "style" in told or any(name.startswith("on") for name in told):
        yield "has what the policy forbids"
    if "id" in told and not told["id"]:
        yield "has an empty id"
    if "data-live" in told and "id" not in told:
        yield "is live, and has no id"
    if tag == "img" and "alt" not in told:
        yield "has no alt"
    if tag == "th" and not told.get("scope"):
        yield "has no scope"


def problems_of(html: str) -> list[str]:
    """Return what is wrong with a page, each with its line."""
    return list(_problems(html))


def _problems(html: str) -> Iterator[str]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield from reader.problems
    yield from (f"<{name}> is not ended" for name in reader.open)
    known = set(reader.ids)
    yield from (f"the id {each!r} is there twice" for each in sorted(known) if reader.ids.count(each) > 1)
    yield from (f"{at} refers to {each!r}, which is not there" for at, each in reader.references if each not in known)
    for at, told, inside in reader.controls:
        if not (inside or told.get("aria-label") or told.get("aria-labelledby") or told.get("id") in reader.labelled):
            yield f"{at} has no label"
    if html.count("<h1") != 1:
        yield "it has not one <h1>"
