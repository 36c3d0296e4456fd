"""A console without a server: the browser's requests are answered by the test, its clock goes on when the test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import jinja2

import shared.console
from shared.console.guard import HEADERS
from shared.console.site import View

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

STATIC = Path(shared.console.__file__).parent / "static"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HOST = "http://label.localhost:4600"
AT = datetime(2026, 11, 30, 15, 40, 49, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
# What is asked, as a promise that ends once the answer was read.
TELL_ANSWERS = """
window.answered = null;
const ask = window.fetch;
window.fetch = (...given) => {
  const read = ask(...given).then(async (told) => {
    const text = await told.text();
    return { status: told.status, ok: told.ok, text: async () => text };
  });
  window.answered = read.catch(() => {});
  return read;
};
"""
ALL_TAKEN = """async () => {
  await window.answered;
  const channel = new MessageChannel();
  await new Promise((done) => {
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  channel.port1.close();
}"""
TEMPLATES = jinja2.Environment(
    loader=jinja2.ChoiceLoader(
        [jinja2.FileSystemLoader(Path(__file__).parent), jinja2.PackageLoader("shared.console")]
    ),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Scripted:
    """What the console answers, and what it was asked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        self._answer = (200, "text/html", "")
        self._version = ""
        self._state = "answers"
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.add_init_script(TELL_ANSWERS)
        page.route("**/*", self._serve)

    def shows(
        self, main: str, *, version: str = "v1", title: str = "a run", moving: bool = True, template: str = ""
    ) -> None:
        """Have the next answers be a page with *main* in it."""
        source = template or f'{{% extends "base.html.j2" %}}{{% block main %}}{main}{{% endblock %}}'
        shown = SimpleNamespace(as_record=dict)
        view = View(title, "", shown, moving=moving, crumbs=(("team2", "/team2"), ("runs", "/team2/runs")))
        place = SimpleNamespace(
            where="AWS", account="123456789012", region="us-east-1", options="", writes=True, named=True
        )
        html = TEMPLATES.from_string(source).render(
            view=view, page=None, version=version, form_key="key", place=place, at=AT
        )
        self._answer = 200, "text/html", html
        self._version = version

    def refuses(self, status: int, text: str, kind: str = "text/plain") -> None:
        """Have the next answers be a refusal."""
        self._answer = status, kind, text
        self._version = ""

    def listens(self, state: str) -> None:
        """Have it be one that ``answers``, is ``silent``, or has ``ended``."""
        self._state = state

    def open(self) -> None:
        """Open the page with a clock that stands still."""
        self.page.clock.install(time=AT - AN_HOUR)  # it runs until it is stopped, and never backwards
        self.page.clock.pause_at(AT)
        self.visit()

    def visit(self) -> None:
        """Open the page with the clock of the machine."""
        self.page.goto(f"{HOST}/runs/x?state=Two#state")

    def later(self, milliseconds: int) -> int:
        """Let the time pass, and what it brings about; return how often the console was asked meanwhile."""
        before = len(self.asked)
        self.page.clock.run_for(milliseconds)
        if self._state != "silent":
            self.page.evaluate(ALL_TAKEN)
        return len(self.asked) - before

    def hide(self, *, hidden: bool = True) -> int:
        """Have another tab be before this one, or this one again; return how often the console was asked at once."""
        before = len(self.asked)
        self.page.evaluate(
            """(hidden) => {
              Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )
        self.page.evaluate(ALL_TAKEN)
        return len(self.asked) - before

    def _serve(self, route: Route) -> None:
        url = route.request.url
        path = url.removeprefix(HOST).split("?")[0]
        if path.startswith("/-/"):
            file = STATIC / path.removeprefix("/-/")
            route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])
            return
        if "seen=" in url:
            self.asked.append(url)
        if self._state == "silent":
            return
        if self._state == "ended":
            route.abort("connectionrefused")
        elif self._version and f"seen={self._version}" in url:
            route.fulfill(status=204)
        else:
            status, kind, body = self._answer
            route.fulfill(status=status, content_type=kind, headers=HEADERS, body=body)
