"""``http:invoke``: an HTTP Task calls an API with the credentials of an EventBridge connection.

The embedded cloud reaches this machine alone, over http as well. An endpoint elsewhere is refused by name: when the
machine is created if the definition has it, else when the task comes to it.

Source: Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows" (read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.errors import RUNTIME, RuntimeFailure, StateFailure
from shared.local.asl.integrations.base import Integration, told_by, unusable
from shared.local.asl.integrations.hosts import host_of, is_this_machine
from shared.local.asl.integrations.http_request import METHODS, Additions, request_of
from shared.local.asl.reading import members
from shared.local.asl.size import check_bytes
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.effects import Steps
    from shared.local.asl.integrations.base import Caller, Deadline
    from shared.local.asl.integrations.http_exchange import HttpAnswer
    from shared.local.asl.integrations.http_request import Request
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # Told of each exchange, on the thread that made it.
    Watch = Callable[["Exchange"], None]

PERMISSIONS = "States.Permissions"
WHAT = "call APIs beyond this machine"
FIX = "mock the state in a test (lanes test, TestState), let the endpoint be on 127.0.0.1, or run it on AWS"
_CHOICES = {
    "RequestBodyEncoding": ("NONE", "URL_ENCODED"),
    "ArrayFormat": ("INDICES", "REPEAT", "COMMAS", "BRACKETS", "NONE"),
}
_OK = range(200, 300)
_BINARY = ("application/octet-stream", "image/", "video/", "audio/")


class Exchange(NamedTuple):
    """One request of an HTTP Task and its answer.

    Attributes:
        sent: The request as it was sent.
        shown: The request without what the connection adds to it, which is secret.
        answer: The answer.
    """

    sent: Request
    shown: Request
    answer: HttpAnswer


def reachable(url: str) -> bool:
    """Tell whether the embedded cloud calls *url*: it is on this machine."""
    return is_this_machine(host_of(url))


class HttpInvoke(Integration):
    """Calls an API."""

    fields = frozenset(
        {
            "ApiEndpoint", "Authentication", "Headers", "InvocationConfig", "Method", "QueryParameters", "RequestBody",
            "Transform",
        }
    )  # fmt: skip
    required = ("ApiEndpoint", "Method")

    def __init__(self, watch: Watch | None = None) -> None:
        super().__init__("http", "invoke")
        self._watch = watch

    def check(self, strand: Strand, arguments: Json) -> None:
        """Raise a RuntimeFailure unless an API can be called with *arguments*."""
        super().check(strand, arguments)
        given = members(arguments)
        bad = [
            name for name in ("Headers", "QueryParameters", "Transform") if not isinstance(given.get(name, {}), dict)
        ]
        if given["Method"] not in METHODS:
            bad.append("Method")
        url = given["ApiEndpoint"]
        if not isinstance(url, str) or not url.startswith(("https://", "http://")) or host_of(url) is None:
            bad.append("ApiEndpoint")
        bad += _bad_choices(given.get("Transform"))
        problems = [f"The value of the field '{name}' has an invalid format" for name in bad]
        if _connection(given) is None:
            problems.append('The field "ConnectionArn" is required but was missing')
        if problems:
            raise RuntimeFailure(unusable(arguments, problems))
        _check_reachable(str(url))

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Call the API."""
        strand.record("TaskStarted", self.where())
        return (yield from super().run(strand, arguments, deadline))

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Return the API's answer."""
        from shared.local.asl.integrations.connection import additions_of
        from shared.local.asl.integrations.http_exchange import exchange  # with urllib3, which others do not need

        given, engine = members(arguments), caller.execution.engine

        def told(asked: Request) -> tuple[int, str]:
            _check_reachable(asked.url)
            came = exchange(asked, halted)
            return came.status, came.body.decode("utf-8", "replace")

        def halted() -> bool:
            return caller.execution.halted or engine.budget.stopped

        _permit(caller, str(given["Method"]), str(given["ApiEndpoint"]))
        added = additions_of(caller, str(_connection(given)), told)
        region = engine.services.region_of(caller.execution.arn)
        request = request_of(given, added, region)
        answer = exchange(request, halted)
        if self._watch is not None:
            self._watch(Exchange(request, request_of(given, Additions(), region), answer))
        return _answered(answer)


def _bad_choices(transform: Json) -> list[str]:
    """Return the names of the fields of *transform* that have no value of theirs."""
    given = transform if isinstance(transform, dict) else {}
    options = given.get("RequestEncodingOptions")
    every = {**given, **(options if isinstance(options, dict) else {})}
    return [name for name, known in _CHOICES.items() if every.get(name, known[0]) not in known]


def _connection(given: Mapping[str, Json]) -> str | None:
    for name in ("InvocationConfig", "Authentication"):
        config = given.get(name)
        if isinstance(config, dict) and isinstance(config.get("ConnectionArn"), str):
            return str(config["ConnectionArn"])
    return None


def _check_reachable(url: str) -> None:
    if not reachable(url):
        raise RuntimeFailure(f"The embedded cloud does not {WHAT}, though AWS does: {FIX}. Endpoint: {url}")


def _permit(caller: Caller, method: str, url: str) -> None:
    keys = (("states:HTTPMethod", (method,)), ("states:HTTPEndpoint", (url,)))
    machine = caller.execution.identity.machine_arn
    try:
        caller.execution.engine.permit(caller.role, "states:InvokeHTTPEndpoint", machine, keys)
    except Exception as error:
        told = told_by(error)
        if told is None:
            raise
        raise StateFailure(PERMISSIONS, told[1]) from error


def _answered(answer: HttpAnswer) -> Json:
    """Return what a task shows of an *answer*, or raise what it fails with."""
    kind = answer.headers.get("content-type", "").lower()
    check_bytes(len(answer.body), "http")
    if kind.startswith(_BINARY):
        raise StateFailure(RUNTIME, f"The HTTP response has the content type {kind}, which is not supported")
    try:
        text = answer.body.decode()
    except ValueError:
        raise StateFailure(RUNTIME, "The HTTP response could not be read as a string") from None
    if answer.status not in _OK:
        raise StateFailure(f"States.Http.StatusCode.{answer.status}", text or answer.reason)
    names = dict.fromkeys(name.lower() for name in answer.headers)
    headers: dict[str, Json] = {name: list(answer.headers.getlist(name)) for name in names}
    return {
        "Headers": headers,
        "ResponseBody": _parsed(text) if "json" in kind else text,
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    }


def _parsed(text: str) -> Json:
    try:
        return read_strict(text)
    except ValueError:
        return text
