"""Pages, files and actions as routes of Flask: the guard before all, HTML and JSON of the same value, versions.

A page that is open asks again with the version that it shows (``seen``), and gets 204 where nothing is new.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import jinja2
from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from shared.console.guard import FORM_KEY, HEADERS, Asked, Entry, Refusal
from shared.console.pretty import as_page, in_bytes
from shared.deploy.caller import is_denial
from shared.errors import LanesError, UsageError, code_of
from shared.hidden import hide_text
from shared.run.map_total import is_throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.console.desk import Desk
    from shared.console.guard import Guard
    from shared.values import Json

_MOST_SENT = 1 << 20  # bytes of a form
VERSION = "X-Lanes-Version"
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})
_POLICY = "Content-Security-Policy"
_ALONE = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""What the policy of a file says beside its own: opened by itself, it is no page of ours."""
_ODD_IN_A_NAME = re.compile(r"[^\w.() -]")
_LEAD_ON = """\
<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>lanes</title>
<link rel="icon" href="/-/icon.svg" type="image/svg+xml"><p><a href="/">the console</a></p></html>
"""


class Shown(Protocol):
    """What a page shows: a frozen value that is also a record for JSON."""

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""


@dataclass(frozen=True, slots=True)
class View:
    """A page: its title, its template, what it shows, and whether that may still change.

    ``crumbs`` are the pages above it, as (name, address). ``unread`` says what it does not show, or not anew, and why.
    """

    title: str
    template: str
    shown: Shown
    moving: bool = True
    crumbs: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Json]:
        """Return what it shows for JSON."""
        record = self.shown.as_record()
        return record | {"unread": list(self.unread)} if self.unread else record


@dataclass(frozen=True, slots=True)
class File:
    """Something else than a page: a drawing, a log.

    A ``body`` in pieces is sent as they are made, so that it need not fit into memory. It is saved under its ``name``,
    if it has one. ``policy`` is its own Content-Security-Policy, if it needs one.
    """

    body: bytes | Iterable[bytes]
    kind: str
    name: str = ""
    policy: str = ""


class _Slug(BaseConverter):
    """A team, as shared/config/names.py has it."""

    regex = "[a-z][a-z0-9]{1,11}"


class _Name(BaseConverter):
    """A run, a workflow: what Step Functions takes as a name (StartExecution, ``name``; read 2026-11-30)."""

    regex = r"""[^\x00-\x20\x7f-\xa0<>{}\[\]?*"#%\\^|~`$&,;:/]{1,80}"""


class Site:
    """The routes. Pages register themselves; *say* tells the terminal at which path which error of ours was raised."""

    def __init__(self, desk: Desk, guard: Guard, say: Callable[[str, Exception], None]) -> None:
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
        self.app.debug = False  # whatever FLASK_DEBUG says
        self.app.logger.disabled = True  # it writes tracebacks, and requests with their tokens
        self.app.config["MAX_CONTENT_LENGTH"] = _MOST_SENT
        self.app.config["MAX_FORM_MEMORY_SIZE"] = _MOST_SENT
        self.app.url_map.converters |= {"slug": _Slug, "default": _Name}
        self.app.url_map.merge_slashes = False  # it would answer //host with a redirect
        self.app.before_request(self._let_in)
        self.app.after_request(_with_headers)
        self.app.register_error_handler(Exception, self._failed)

    def page(self, rule: str, read: Callable[..., View]) -> None:
        """Serve the page that *read* returns for the parts of *rule*, and its JSON at the same address with .json."""

        def serve(kind: str, **parts: Any) -> Response:
            view = read(self.desk, **parts)
            record = view.as_record()
            version = _version(record)
            if request.args.get("seen") == version:
                return Response(status=204, headers={VERSION: version})
            if kind == "application/json":
                body = json.dumps(record, default=str).encode()
            else:
                body = self._html(view.template, view=view, page=view.shown, version=version)
            return Response(body, mimetype=kind, headers={VERSION: version})

        for address, kind in ((rule, "text/html"), (f"{rule}.json", "application/json")):
            self.app.add_url_rule(address, f"page {address}", partial(serve, kind), methods=["GET"])

    def file(self, rule: str, make: Callable[..., File]) -> None:
        """Serve the file that *make* returns for the parts of *rule*."""

        def serve(**parts: Any) -> Response:
            made = make(self.desk, **parts)
            answer = Response(made.body, content_type=made.kind)
            if made.name:
                name = _ODD_IN_A_NAME.sub("_", made.name)
                answer.headers.set("Content-Disposition", "attachment", filename=name)
            if made.policy:
                answer.headers[_POLICY] = made.policy + _ALONE
            return answer

        self.app.add_url_rule(rule, f"file {rule}", serve, methods=["GET"])

    def action(self, rule: str, act: Callable[..., str]) -> None:
        """Carry out *act* when a form of ours is sent to *rule*; it returns the address of the page to go to."""

        def carry_out(**parts: Any) -> Any:
            if not self._guard.may_write(request.form.get(FORM_KEY, "")):
                return self._refuse(Refusal(403, "this form is of another session", "open the page again"))
            where = act(self.desk, form=request.form.to_dict(), **parts)
            self.desk.forget()
            return redirect(_ours(where), 303)

        self.app.add_url_rule(rule, f"action {rule}", carry_out, methods=["POST"])

    def _let_in(self) -> Response | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path, request.query_string.decode("latin-1"), headers)
        match self._guard.decide(asked):
            case Refusal() as refusal:
                return self._refuse(refusal)
            case Entry(cookie, True):
                return Response(_LEAD_ON, mimetype="text/html", headers={"Set-Cookie": cookie})
            case Entry(cookie):
                return Response(status=303, headers={"Location": "/", "Set-Cookie": cookie})
            case _:
                return None

    def _refuse(self, refusal: Refusal) -> Response:
        """Tell in plain text why a request did not come in: who is not known gets no page of ours."""
        text = refusal.what + (f"\nfix: {refusal.fix}" if refusal.fix else "") + "\n"
        return Response(text, refusal.status, mimetype="text/plain")

    def _failed(self, error: Exception) -> Response:
        """Tell of *error* on a page, or as JSON. Nothing fails here: what did would be told as a traceback."""
        status, told = told_of(error, request.method, on_aws=self.desk.place.named)
        if status == 500:  # noqa: PLR2004  a fault of ours
            self._say(request.path, error)
        if request.path.endswith(".json"):
            record = {"error": told.what, "where": told.where, "fix": told.fix}
            return Response(json.dumps(record), status, mimetype="application/json")
        try:
            return Response(self._html("error.html.j2", view=None, page=told, version=""), status, mimetype="text/html")
        except Exception as broken:  # noqa: BLE001  what it is, is told; who asked gets the error before it
            self._say("error.html.j2", broken)
            return Response(in_bytes(f"{told}\n"), status, mimetype="text/plain")

    def _html(self, template: str, **values: object) -> bytes:
        common: Mapping[str, object] = {"place": self.desk.place, "form_key": self._guard.form_key}
        return as_page(self._templates.get_template(template).render(**common, **values))


def _version(record: Mapping[str, Json]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()[:16]


def told_of(error: Exception, method: str = "GET", *, on_aws: bool = False) -> tuple[int, LanesError]:
    """Return the status for *error*, and what to tell.

    Args:
        error: What was raised.
        method: How the page was asked for: what a page cannot find, a form cannot do.
        on_aws: Whether the console looks at AWS.
    """
    match error:
        case UsageError():
            return 404 if method != "POST" else 400, error
        case LanesError():
            return 503, error
        case HTTPException(code=int(code)):
            return code, _refused(error)
        case ClientError() | BotoCoreError():
            return 502, _of_the_cloud(error, on_aws=on_aws)
        case _:
            what = f"this is a fault in lanes itself: {type(error).__name__}"
            return 500, LanesError(what, fix="the terminal of lanes console says where it is written down: report it")


def _of_the_cloud(error: ClientError | BotoCoreError, *, on_aws: bool) -> LanesError:
    if code_of(error) in _EXPIRED:
        what = f"the credentials are not taken any more: {code_of(error)}"
        return LanesError(what, fix="log in again, then start lanes console again")
    if isinstance(error, ClientError):
        if is_denial(error):
            what = f"these credentials may not call {error.operation_name}, without which this page has nothing to show"
            return LanesError(hide_text(what), where=hide_text(str(error)), fix="see who you are: --as, --profile")
        fix = (
            "AWS answers an account so many calls a second: open this again in a moment"
            if is_throttled(error)
            else None
        )
        return LanesError(hide_text(f"the cloud says: {code_of(error)}: {error}"), where=error.operation_name, fix=fix)
    fix = "check the network and your credentials" if on_aws else "lanes up"
    return LanesError(hide_text(f"the cloud does not answer: {error}"), fix=f"{fix}, then open this again")


def _refused(error: HTTPException) -> LanesError:
    """Return what to tell where a request is refused as HTTP has it."""
    if isinstance(error, RequestEntityTooLarge):
        what = f"a form has {_MOST_SENT:,} bytes at most, with its files"
        return LanesError(what, fix="lanes run takes files of any size: --PARAMETER FILE, or --input FILE")
    return LanesError(str(error.description or error.name), fix="/ shows all lanes")


def _ours(address: str) -> str:
    """Return *address*, to which an action leads: a path here. Browsers take two slashes, of any kind, for a host."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"} or not address.isprintable():
        raise ValueError(f"an action leads to {address!r}")
    return address


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        if name != _POLICY or name not in response.headers:
            response.headers[name] = value
    return response
