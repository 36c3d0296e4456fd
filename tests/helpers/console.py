"""The console without a socket: a desk over any cloud's clients, and a browser that has come in and sends forms."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.aws.client import connect_endpoint
from shared.console.app import make_app
from shared.console.desk import Desk, Place
from shared.console.guard import FORM_KEY, Guard
from shared.run.clouds import Cloud, Rehearsal
from tests.helpers.html_page import problems_of
from tests.helpers.in_process import go_straight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.local.pacing.account import Account

PORT = 4600
_FORM_KEY = re.compile(rf'name="{FORM_KEY}" value="(\w+)"')


@contextmanager
def cloud_here(project: Project, folder: Path, account: Account | None = None) -> Iterator[Aws]:
    """Give clients of an embedded cloud in this process, called without a socket; its files are in *folder*."""
    from shared.local.cloud import EmbeddedCloud  # moto takes time that few tests have to spend

    with EmbeddedCloud(project.place, folder, account=account) as cloud:
        yield go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)


def desk_of(project: Project, aws: Aws, *, writes: bool = True, named: bool = False) -> Desk:
    """Return a desk over *project* and the cloud *aws*, as ``lanes console`` wires it."""
    from shared.run.connecting import cloud_state

    place = Place("the embedded cloud", project.place.account, project.place.region, "", writes=writes, named=named)

    def prepare(project: Project, aws: Aws, note: Callable[[str], None]) -> Cloud:
        return Rehearsal(project, aws, cloud_state(project), note) if aws.target.embedded else Cloud(project, aws, note)

    return Desk(place, lambda: project, lambda: aws, prepare)


class Client:
    """A browser that has come in.

    Attributes:
        guard: Who let it in.
        app: The console.
        told: What the console said to the terminal: a test's pages must leave it empty.
    """

    def __init__(self, desk: Desk) -> None:
        self.told: list[str] = []
        self.guard = Guard(PORT)
        self.app: Flask = make_app(desk, self.guard, lambda path, error: self.told.append(f"{path}: {error!r}"))
        self.browser = self.app.test_client()
        self._host = self.guard.hosts[0]
        self._origin = f"http://{self._host}"
        entered = self.get("/", query_string=self.guard.address.partition("?")[2])
        assert entered.status_code == 303, entered.text

    def get(self, address: str, **more: Any) -> Any:
        """Open *address*. Whatever page comes is HTML as it should be."""
        answer = self.browser.get(address, base_url=self._origin, buffered=True, **more)
        if answer.mimetype == "text/html" and "/report" not in address and answer.text:
            problems = problems_of(answer.text)
            assert not problems, f"{address}: {problems}"
        return answer

    def post(self, address: str, form: dict[str, str] | None = None, **more: Any) -> Any:
        """Send *form* to *address* as a page of the console would: with the form key and the Origin."""
        data = {FORM_KEY: self.guard.form_key, **(form or {})}
        return self.browser.post(address, base_url=self._origin, data=data, headers={"Origin": self._origin}, **more)

    def send(self, page: str, address: str, form: dict[str, str] | None = None) -> Any:
        """Open *page*, take the form key that it holds, and send *form* with it to *address*."""
        found = _FORM_KEY.search(self.get(page).text)
        assert found, f"{page} has no form"
        return self.post(address, {FORM_KEY: found[1], **(form or {})})


def console_client(desk: Desk) -> Client:
    """Return a browser that has come in to a console over *desk*."""
    return Client(desk)


def page(client: Client, address: str) -> str:
    """Return the page at *address*, which is there and made the console complain of nothing."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert client.told == []
    return str(answer.text)


def record(client: Client, address: str) -> Any:
    """Return the JSON of the page at *address*, which may have parameters."""
    path, _, query = address.partition("?")
    return json.loads(page(client, f"{path}.json" + (f"?{query}" if query else "")))
