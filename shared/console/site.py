"""Pages, files and actions as routes of Flask: the guard before all, HTML and JSON of the same value, versions.

A page that is open asks again with the version that it shows (``seen``), and gets 204 where nothing is new.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import jinja2
from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from shared.console.guard import FORM_KEY, HEADERS, Asked, Entry, Refusal
from shared.errors import LanesError, UsageError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.console.desk import Desk
    from shared.console.guard import Guard
    from shared.values import Json

_MOST_SENT = 1 << 20  # bytes of a form
VERSION = "X-Lanes-Version"


class Shown(Protocol):
    """What a page shows: a frozen value that is also a record for JSON."""

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""


@dataclass(frozen=True, slots=True)
class View:
    """A page: its title, its template, what it shows, and whether that may still change.

    ``crumbs`` are the pages above it, as (name, address).
    """

    title: str
    template: str
    shown: Shown
    moving: bool = True
    crumbs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """Something else than a page: a drawing, a log. ``policy`` is its own Content-Security-Policy, if it needs one."""

    body: bytes
    kind: str
    name: str = ""
    policy: str = ""


class _Slug(BaseConverter):
    regex = "[a-z][a-z0-9]{1,11}"


class Site:
    """The routes. Pages register themselves; *say* tells the person at the terminal of an error that is ours."""

    def __init__(self, desk: Desk, guard: Guard, say: Callable[[str], None]) -> None:
        self.desk = desk
        self._guard = guard
        self._say = say
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("shared.console"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.app = Flask("shared.console", static_folder="static", static_url_path="/-")
        self.app.config["MAX_CONTENT_LENGTH"] = _MOST_SENT
        self.app.url_map.converters["slug"] = _Slug
        self.app.before_request(self._let_in)
        self.app.after_request(_with_headers)
        self.app.register_error_handler(Exception, self._failed)

    def page(self, rule: str, read: Callable[..., View]) -> None:
        """Serve the page that *read* returns for the parts of *rule*, and its JSON at the same address with .json."""

        def as_html(**parts: Any) -> Response:
            view = read(self.desk, **parts)
            record = view.shown.as_record()
            version = _version(record)
            if request.args.get("seen") == version:
                return Response(status=204, headers={VERSION: version})
            return Response(
                self._html(view.template, view=view, page=view.shown, version=version),
                mimetype="text/html",
                headers={VERSION: version},
            )

        def as_json(**parts: Any) -> Response:
            record = read(self.desk, **parts).shown.as_record()
            version = _version(record)
            if request.args.get("seen") == version:
                return Response(status=204, headers={VERSION: version})
            return Response(json.dumps(record, default=str), mimetype="application/json", headers={VERSION: version})

        self.app.add_url_rule(rule, f"page {rule}", as_html, methods=["GET"])
        self.app.add_url_rule(f"{rule}.json", f"json {rule}", as_json, methods=["GET"])

    def file(self, rule: str, make: Callable[..., File]) -> None:
        """Serve the file that *make* returns for the parts of *rule*."""

        def serve(**parts: Any) -> Response:
            made = make(self.desk, **parts)
            headers = {"Content-Disposition": f'attachment; filename="{made.name}"'} if made.name else {}
            if made.policy:
                headers["Content-Security-Policy"] = made.policy
            return Response(made.body, content_type=made.kind, headers=headers)

        self.app.add_url_rule(rule, f"file {rule}", serve, methods=["GET"])

    def action(self, rule: str, act: Callable[..., str]) -> None:
        """Carry out *act* when a form of ours is sent to *rule*; it returns the address of the page to go to."""

        def carry_out(**parts: Any) -> Any:
            if not self._guard.may_write(request.form.get(FORM_KEY, "")):
                return self._refuse(Refusal(403, "this form is of another session", "open the page again"))
            where = act(self.desk, form=request.form.to_dict(), **parts)
            self.desk.forget()
            return redirect(where, 303)

        self.app.add_url_rule(rule, f"action {rule}", carry_out, methods=["POST"])

    def _let_in(self) -> Response | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path, request.query_string.decode("latin-1"), headers)
        match self._guard.decide(asked):
            case Refusal() as refusal:
                return self._refuse(refusal)
            case Entry(location, cookie):
                return Response(status=303, headers={"Location": location, "Set-Cookie": cookie})
            case _:
                return None

    def _refuse(self, refusal: Refusal) -> Response:
        """Tell in plain text why a request did not come in: who is not known gets no page of ours."""
        text = refusal.what + (f"\nfix: {refusal.fix}" if refusal.fix else "") + "\n"
        return Response(text, refusal.status, mimetype="text/plain")

    def _failed(self, error: Exception) -> Response:
        status, told = _status_of(error)
        if status == 500:  # noqa: PLR2004  a fault of ours
            self._say(f"{request.path}: {type(error).__name__}: {error}")
        if request.path.endswith(".json"):
            record = {"error": told.what, "where": told.where, "fix": told.fix}
            return Response(json.dumps(record), status, mimetype="application/json")
        return Response(self._html("error.html.j2", view=None, page=told, version=""), status, mimetype="text/html")

    def _html(self, template: str, **values: object) -> str:
        common: Mapping[str, object] = {"place": self.desk.place, "form_key": self._guard.form_key}
        return self._templates.get_template(template).render(**common, **values)


def _version(record: Mapping[str, Json]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _status_of(error: Exception) -> tuple[int, LanesError]:
    """Return the status for *error*, and what to tell."""
    match error:
        case UsageError():
            return 404, error
        case LanesError():
            return 503, error
        case HTTPException(code=int(code)):
            return code, LanesError(str(error.description or error.name), fix="/ shows all lanes")
        case ClientError():
            return 502, LanesError(f"the cloud says: {code_of(error)}: {error}", where=error.operation_name)
        case BotoCoreError():
            return 502, LanesError(f"the cloud does not answer: {error}", fix="lanes up, then open this again")
        case _:
            return 500, LanesError(
                f"the console failed: {type(error).__name__}", fix="tell the maintainers what you did"
            )


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
