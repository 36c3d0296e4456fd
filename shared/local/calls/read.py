"""Reads a request as a call, by botocore's models: the inverse of a client's serializer.

A service may have several protocols. The request shows which one it uses: ``X-Amz-Target`` for JSON,
``smithy-protocol`` for CBOR, ``Action`` for the query protocols, and only method and path for the REST ones. A request
that shows two, or gives a parameter twice, is refused: moto could read it in another way than was decided about.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape
from botocore.parsers import ResponseParserError, RpcV2CBORParser

from shared.local.calls.call import Call, CallNotReadError
from shared.local.calls.members import ABSENT, Absent, Members
from shared.local.calls.models import models_signed_as
from shared.local.calls.request import FIX, Opened, Request
from shared.local.calls.routes import routes_of
from shared.local.calls.values import form_name, from_form, from_json, from_text, from_xml, grow, member_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

    from shared.local.calls.call import Value
    from shared.local.calls.values import Tree

    Document = dict[str, Value]

_REST = {"rest-json", "rest-xml"}
_FORMS = {"query", "ec2"}
_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)$")
_BUCKET_HOST = re.compile(r"(?!www\.)([^.:\[\]]+)\.(?:[^:]+\.)?localhost(?::\d+)?$", re.IGNORECASE)


def read_call(service: str, region: str, request: Request) -> Call:
    """Return the call that *request* is.

    Args:
        service: The name that it was signed for (``states``), from its credential's scope.
        region: The region, from the same scope.
        request: The request.

    Raises:
        CallNotReadError: No service has that name, it is none of the service's operations, or it could be read in two
            ways.
    """
    models = models_signed_as(service)
    if not models:
        raise CallNotReadError(f"the embedded cloud serves no service that signs as {service!r}", fix=FIX)
    found = _find(models, Opened(request))
    if found is None:
        name = " or ".join(model.service_name for model in models)
        raise CallNotReadError(f"{request.method} {request.path} is no operation of {name} that is known", fix=FIX)
    operation, members = found
    return Call(operation.service_model.service_name, operation.name, members, region)


_Found = tuple["OperationModel", Members]


def _find(models: Sequence[ServiceModel], request: Opened) -> _Found | None:
    if "x-amz-target" in request.headers:
        return _by_target(models, request)
    if "smithy-protocol" in request.headers:
        return _by_cbor_path(models, request)
    forms = [model for model in models if _protocols(model) & _FORMS]
    if forms and (request.is_form or "Action" in request.query):
        return _by_action(forms, request)
    return _by_route([model for model in models if _protocols(model) & _REST], request)


@cache
def _protocols(model: ServiceModel) -> frozenset[str]:
    return frozenset(model.metadata.get("protocols") or [model.metadata["protocol"]])


def _operation(model: ServiceModel, name: str) -> OperationModel | None:
    return model.operation_model(name) if name in model.operation_names else None


def _by_target(models: Sequence[ServiceModel], request: Opened) -> _Found | None:
    """Read a request of the JSON protocol: everything is in the target and the body."""
    prefix, _, name = request.headers["x-amz-target"].rpartition(".")
    if request.query or request.is_form:
        raise CallNotReadError("a request of the JSON protocol has no query and no form", fix=FIX)
    for model in models:
        if "json" in _protocols(model) and model.metadata.get("targetPrefix") == prefix:
            operation = _operation(model, name)
            if operation:
                return operation, _of_document(operation, _json(request))
    return None


def _by_cbor_path(models: Sequence[ServiceModel], request: Opened) -> _Found | None:
    match = _CBOR_PATH.match(request.path)
    if not match or request.query or request.headers["smithy-protocol"] != "rpc-v2-cbor":
        return None
    for model in models:
        if "smithy-rpc-v2-cbor" in _protocols(model) and model.metadata.get("targetPrefix") == match[1]:
            operation = _operation(model, match[2])
            if operation:
                return operation, _of_document(operation, _cbor(request), convert=_as_it_is)
    return None


def _by_action(models: Sequence[ServiceModel], request: Opened) -> _Found | None:
    """Read a form, in the body or the query. The version tells services with the same signing name apart."""
    pairs = list(request.pairs)
    if pairs and request.body:
        raise CallNotReadError("parameters are in the query and in the body", fix=FIX)
    if request.is_form:
        try:
            pairs = parse_qsl(request.inflated().decode(), keep_blank_values=True, max_num_fields=100_000)
        except ValueError as error:
            raise CallNotReadError(f"the form cannot be read: {error}", fix=FIX) from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise CallNotReadError("the form says a parameter twice", fix=FIX)
    for model in models:
        operation = _operation(model, form.get("Action", ""))
        if operation and form.get("Version") == model.api_version:
            return operation, _of_form(operation, grow(form), ec2="ec2" in _protocols(model))
    return None


def _of_form(operation: OperationModel, tree: Tree, *, ec2: bool) -> Members:
    """Return the members that a form holds."""

    def read(name: str, shape: Shape) -> Value | Absent:
        called = form_name(name, shape, ec2=ec2)
        return from_form(shape, tree[called], ec2=ec2) if called in tree else ABSENT

    return Members(operation.input_shape, read)


def _of_document(
    operation: OperationModel, document: Callable[[], Document], convert: Callable[[Shape, Value], Value] = from_json
) -> Members:
    """Return the members that a JSON or CBOR document holds."""

    def read(name: str, shape: Shape) -> Value | Absent:
        called = shape.serialization.get("name", name)
        value = document().get(called)
        return ABSENT if value is None else convert(shape, value)

    return Members(operation.input_shape, read)


def _json(request: Opened) -> Callable[[], Document]:
    """Return what parses the body, once."""

    @cache
    def parsed() -> Document:
        try:
            document: Value = json.loads(request.inflated() or b"{}")
        except ValueError as error:
            raise CallNotReadError(f"the body is not JSON: {error}", fix=FIX) from error
        if not isinstance(document, dict):
            raise CallNotReadError("the body is not a JSON object", fix=FIX)
        return document

    return parsed


def _cbor(request: Opened) -> Callable[[], Document]:
    @cache
    def parsed() -> Document:
        parser = RpcV2CBORParser()
        stream = parser.get_peekable_stream_from_bytes(request.inflated())
        try:
            document: Value = parser.parse_data_item(stream) if request.body else {}
        except ResponseParserError as error:
            raise CallNotReadError(f"the body is not CBOR: {error}", fix=FIX) from error
        if not isinstance(document, dict):
            raise CallNotReadError("the body is not a CBOR map", fix=FIX)
        return document

    return parsed


def _as_it_is(_: Shape, value: Value) -> Value:
    return value


def _by_route(models: Sequence[ServiceModel], request: Opened) -> _Found | None:
    path = request.path
    if models and models[0].service_name != "s3" and request.is_form and request.body:
        raise CallNotReadError("the body is a form, which could be read as the query", fix=FIX)
    if any(model.service_name == "s3" for model in models):
        bucket = _BUCKET_HOST.match(request.headers.get("host", ""))
        path = f"/{bucket[1]}{path}" if bucket else path
    for model in _in_turn(models, path):
        found = routes_of(model.service_name).find(request.method, path, request.query, request.headers)
        if found:
            operation = model.operation_model(found[0])
            return operation, _of_rest(operation, request, found[1], xml="rest-xml" in _protocols(model))
    return None


def _in_turn(models: Sequence[ServiceModel], path: str) -> Sequence[ServiceModel]:
    """Return the models that may answer *path*. Only S3 Control's paths have its version; moto goes by that too."""
    if len(models) > 1 and models[0].service_name == "s3":
        return models[1:] if path.startswith("/v20180820/") else models[:1]
    return models


def _of_rest(operation: OperationModel, request: Opened, labels: Mapping[str, str], *, xml: bool) -> Members:
    """Return the members of a REST request. Each has its place; those without one are in the body."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape else None
    body: _Body = _XmlBody(request) if xml else _JsonBody(request)

    def read(name: str, member: Shape) -> Value | Absent:
        place = member.serialization.get("location")
        called = member.serialization.get("name", name)
        if place == "uri":
            return from_text(member, labels[called])
        if place == "querystring":
            return _of_query(called, member, request, shape)
        if place:
            return _of_headers(place, called.lower(), member, request.headers)
        if name == payload:
            return _of_payload(member, request, body)
        return ABSENT if payload or not request.body else body.member(name, member)

    return Members(shape, read)


class _Body(Protocol):
    """A REST request's body as a document, which is parsed when a member of it is first asked for."""

    def member(self, name: str, shape: Shape) -> Value | Absent:
        """Read the member *name*."""

    def whole(self, shape: Shape) -> Value:
        """Read all of it as one member."""


class _JsonBody:
    def __init__(self, request: Opened) -> None:
        self._document = _json(request)

    def member(self, name: str, shape: Shape) -> Value | Absent:
        value = self._document().get(shape.serialization.get("name", name))
        return ABSENT if value is None else from_json(shape, value)

    def whole(self, shape: Shape) -> Value:
        return from_json(shape, self._document())


class _XmlBody:
    def __init__(self, request: Opened) -> None:
        self._root = _xml(request)

    def member(self, name: str, shape: Shape) -> Value | Absent:
        return member_of(self._root(), name, shape)

    def whole(self, shape: Shape) -> Value:
        return from_xml(shape, [self._root()])


def _of_payload(member: Shape, request: Opened, body: _Body) -> Value | Absent:
    """Read the member that is the whole body."""
    if not request.body:
        return ABSENT
    if member.type_name == "blob":
        return request.body
    if member.type_name == "string":
        return request.body.decode(errors="replace")
    return body.whole(member)


def _of_headers(place: str, called: str, member: Shape, headers: Mapping[str, str]) -> Value | Absent:
    """Read a member that is a header, or that is all headers whose names begin with its name."""
    if place == "headers":
        found: Document = {name[len(called) :]: text for name, text in headers.items() if name.startswith(called)}
        return found or ABSENT
    text = headers.get(called)
    if text is None:
        return ABSENT
    if isinstance(member, ListShape):
        return [from_text(member.member, each.strip()) for each in text.split(",")]
    return from_text(member, text)


def _of_query(called: str, member: Shape, request: Opened, shape: StructureShape | None) -> Value | Absent:
    """Read a member that is in the query: a list may be there many times; a map is all that no other member is."""
    if isinstance(member, MapShape):
        own = {each.serialization.get("name") for each in (shape.members.values() if shape else ())}
        found: dict[str, list[str]] = {}
        for name, value in request.pairs:
            if name not in own:
                found.setdefault(name, []).append(value)
        many = isinstance(member.value, ListShape)
        given: Document = {name: list(values) if many else values[0] for name, values in found.items()}
        return given or ABSENT
    values = [value for name, value in request.pairs if name == called]
    if not values:
        return ABSENT
    if isinstance(member, ListShape):
        return [from_text(member.member, each) for each in values]
    if len(values) > 1:
        raise CallNotReadError(f"the query says {called} twice", fix=FIX)
    return from_text(member, values[0])


def _xml(request: Opened) -> Callable[[], ET.Element]:
    @cache
    def parsed() -> ET.Element:
        try:
            return ET.fromstring(request.inflated())  # noqa: S314  expat itself limits the growth of entities
        except ET.ParseError as error:
            raise CallNotReadError(f"the body is not XML: {error}", fix=FIX) from error

    return parsed
