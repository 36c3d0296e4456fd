"""The elements of a JSON document that a Map reads, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.json_stream import CLOSING, BadJsonError, Document, TooLargeError
from shared.local.asl.maps.items import ITEM_BYTES, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json


def elements(chunks: Iterator[str], pointer: str | None) -> Iterator[tuple[str | None, Json, int]]:
    """Yield the elements of an array, or the members of an object: name (None in an array), value, size in letters.

    Args:
        chunks: The document's text, cut anywhere.
        pointer: Where in it, a JSON pointer (RFC 6901). None for the whole, which must be an array.

    Raises:
        UnreadableError: It is no JSON, nothing is there, what is there has no elements, or one of them is too large.
    """
    try:
        yield from _elements(Document(chunks, ITEM_BYTES), pointer)
    except TooLargeError as error:
        told = "An item is" if error.sure else "The object is not valid JSON, or an item in it is"
        raise UnreadableError(f"{told} larger than {ITEM_BYTES} bytes.") from None
    except BadJsonError as error:
        holds = "holds" if "nested" in str(error) else "is"
        raise UnreadableError(f"The object {holds} {error}.") from None


def _elements(document: Document, pointer: str | None) -> Iterator[tuple[str | None, Json, int]]:
    keys = [key.replace("~1", "/").replace("~0", "~") for key in (pointer or "").split("/")[1:]]
    for key in keys:
        _enter(document, key)
    opening = document.peek()
    if opening == "[" or (opening == "{" and pointer is not None):
        for name in document.names():
            value = document.value()
            yield name, value, document.size
    else:
        if opening != "{":
            document.value()  # says what is wrong if it is no JSON at all
        raise UnreadableError("Attempting to map over non-iterable node.")
    if not keys:
        document.end()


def _enter(document: Document, key: str) -> None:
    """Go to where the element or member *key* of the array or object that begins here begins.

    Raises:
        UnreadableError: There is none.
    """
    if document.peek() not in CLOSING:
        raise UnreadableError(f"ItemsPointer leads to nothing: '{key}' is not in an array or object.")
    for index, name in enumerate(document.names()):
        if key == (str(index) if name is None else name):
            return
        document.pass_over()
    raise UnreadableError(f"ItemsPointer leads to nothing: there is no '{key}'.")
