"""Lists of functions and what belongs to them, in pages as Lambda gives them. moto 5.2 always gives all at once.

Source: Lambda API reference, ListFunctions and its like (in botocore's model): at most 50 in a page, unless fewer are
asked for. Lists of layers take the same here.
"""

from __future__ import annotations

import base64
import functools
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lists = Callable[[LambdaResponse], Any]

_MOST = 50
_LISTS = {
    "list_aliases": "Aliases",
    "list_event_source_mappings": "EventSourceMappings",
    "list_function_event_invoke_configs": "FunctionEventInvokeConfigs",
    "list_functions": "Functions",
    "list_layer_versions": "LayerVersions",
    "list_layers": "Layers",
    "list_versions_by_function": "Versions",
}


@contextmanager
def function_lists_paged() -> Iterator[None]:
    """Have moto give pages while the block lasts."""
    seams = [Seam(LambdaResponse, name, functools.partial(_paging, key)) for name, key in _LISTS.items()]
    with plugged([Seam(LambdaBackend, "list_versions_by_function", _of_one_that_is_there), *seams]):
        yield


def _of_one_that_is_there(original: Callable[..., object]) -> Callable[..., object]:
    """Wrap the list of a function's versions, which moto finds empty if there is no such function."""

    @functools.wraps(original)
    def list_versions(self: LambdaBackend, function_name: str) -> object:
        return original(self, self.get_function(function_name).function_name)

    return list_versions


def _paging(key: str, original: Lists) -> Lists:
    @functools.wraps(original)
    def answer(self: LambdaResponse) -> Any:
        told = original(self)
        body = told[-1] if isinstance(told, tuple) else told
        given = self.querystring
        page = _page(key, json.loads(body), given.get("Marker", [""])[0], given.get("MaxItems", [_MOST])[0])
        if key == "Aliases" and "FunctionVersion" in given:
            page[key] = [each for each in page[key] if each["FunctionVersion"] == given["FunctionVersion"][0]]
        text = json.dumps(page)
        return (*told[:-1], text) if isinstance(told, tuple) else text

    return answer


def _page(key: str, listed: dict[str, Any], marker: str, most: str | int) -> dict[str, Any]:
    try:
        begin = int(base64.urlsafe_b64decode(marker)) if marker else 0
        size = int(most)
    except ValueError as error:
        raise InvalidParameterValueException("Invalid pagination token or size") from error
    if size < 1:
        raise InvalidParameterValueException("MaxItems must be at least 1")
    end = begin + min(size, _MOST)
    more = len(listed[key]) > end
    after = {"NextMarker": base64.urlsafe_b64encode(str(end).encode()).decode()} if more else {}
    return listed | {key: listed[key][begin:end]} | after
