"""Finds the operation of a REST service by method, path and query, with the service's model.

Paths are matched segment by segment. A literal counts before a label (``{Bucket}``), and a label before a greedy one
(``{Key+}``), as in Smithy's HTTP bindings. If several operations match, the names in the query and the headers decide:
the operation that requires most of them is taken, if it requires all that the others do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from shared.local.calls.call import CallNotReadError
from shared.local.calls.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel, ServiceModel

# ListDirectoryBuckets looks like another operation, but is for another host (s3express-control), which is not here.
_ELSEWHERE = {("s3", "ListDirectoryBuckets")}


@dataclass(frozen=True, slots=True)
class _Route:
    """One operation, and what its request must have besides method and path."""

    operation: str
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str | None]]
    headers: frozenset[str]
    deprecated: bool

    def fits(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        return all(name in query and (value is None or query[name] == value) for name, value in self.query) and all(
            name in headers for name in self.headers
        )

    def asks_for_all_of(self, other: _Route) -> bool:
        return {name for name, _ in other.query} <= {name for name, _ in self.query} and other.headers <= self.headers


@dataclass(slots=True)
class _Node:
    """A node in the tree of paths, by segments."""

    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: dict[tuple[str, ...], _Node] = field(default_factory=dict)  # by the literals after it
    routes: dict[str, list[_Route]] = field(default_factory=dict)  # by method

    def below_label(self) -> _Node:
        """Return the node after a label; it is made if there is none yet."""
        self.label = self.label or _Node()
        return self.label


class Routes:
    """The REST operations of one service.

    Args:
        model: botocore's model of the service.
    """

    def __init__(self, model: ServiceModel) -> None:
        self._root = _Node()
        for name in model.operation_names:
            if (model.service_name, name) not in _ELSEWHERE:
                self._add(model.operation_model(name))

    def _add(self, operation: OperationModel) -> None:
        path, _, query = operation.http["requestUri"].partition("?")
        literals: set[tuple[str, str | None]] = set()
        for pair in filter(None, query.split("&")):
            name, given, value = pair.partition("=")
            literals.add((name, value if given else None))
        headers = set()
        shape = operation.input_shape
        required = [shape.members[name] for name in shape.required_members] if shape else []
        for where in (member.serialization for member in required):
            if where.get("location") == "querystring" and where["name"] not in {name for name, _ in literals}:
                literals.add((where["name"], None))
            elif where.get("location") == "header":
                headers.add(where["name"].lower())
        node, labels = self._root, []
        segments = _segments(path)
        for at, segment in enumerate(segments):
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
                continue
            labels.append(segment.strip("{}+"))
            if segment.endswith("+}"):
                node = node.greedy.setdefault(tuple(segments[at + 1 :]), _Node())
                break
            node = node.below_label()
        route = _Route(
            operation.name, tuple(labels), frozenset(literals), frozenset(headers), bool(operation.deprecated)
        )
        node.routes.setdefault(operation.http["method"], []).append(route)

    def find(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """Return the operation and the decoded values of its labels; None if there is none.

        Args:
            method: In capitals.
            path: As it came, percent-encoded.
            query: The query's names and decoded values.
            headers: By names in lower case.

        Raises:
            CallNotReadError: It could be one of two operations.
        """
        for segments in _readings(path):
            for node, values in _walk(self._root, segments, 0):
                route = _choose(node.routes.get(method, ()), query, headers)
                if route:
                    return route.operation, dict(zip(route.labels, map(unquote, values), strict=True))
        return None


def _segments(path: str) -> list[str]:
    """Split a template. A slash at its end means nothing."""
    return path.strip("/").split("/") if path.strip("/") else []


def _readings(path: str) -> Iterator[list[str]]:
    """Yield the path's segments as they are, then without slashes at the end, which only a greedy label needs."""
    whole = path[1:].split("/") if path != "/" else []
    yield whole
    shorter = list(whole)
    while shorter and not shorter[-1]:
        shorter.pop()
    if shorter != whole:
        yield shorter


def _walk(node: _Node, segments: list[str], at: int) -> Iterator[tuple[_Node, list[str]]]:
    """Yield each node that the segments from *at* on lead to, with its labels' values; the most literal way first."""
    if at == len(segments):
        yield node, []
        return
    segment = segments[at]
    if segment in node.literals:
        yield from _walk(node.literals[segment], segments, at + 1)
    if node.label and segment:
        for found, values in _walk(node.label, segments, at + 1):
            yield found, [segment, *values]
    for rest, found in sorted(node.greedy.items(), key=lambda each: -len(each[0])):
        end = len(segments) - len(rest)
        taken = "/".join(segments[at:end])
        if taken and tuple(segments[end:]) == rest:
            yield found, [taken]


def _choose(routes: list[_Route] | tuple[()], query: Mapping[str, str], headers: Mapping[str, str]) -> _Route | None:
    fitting = [route for route in routes if route.fits(query, headers)]
    if not fitting:
        return None
    best = max(fitting, key=lambda route: (len(route.query) + len(route.headers), not route.deprecated))
    for other in fitting:
        if not best.asks_for_all_of(other):
            raise CallNotReadError(
                f"the request could be {best.operation} or {other.operation}", fix="send one operation a request"
            )
    return best


@cache
def routes_of(service: str) -> Routes:
    """Return the routes of *service*, made once."""
    return Routes(model_of(service))
