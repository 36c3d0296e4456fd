"""How kinds of resource read AWS: what is not there, and lists of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Answer = TypeVar("Answer")


def if_there(read: Callable[[], Answer], *absent: str) -> Answer | None:
    """Return what *read* returns, or None when AWS answers with one of the codes *absent*: there is no such thing."""
    try:
        return read()
    except ClientError as error:
        if code_of(error) not in absent:
            raise
        return None


def listed_names(
    pages: Iterable[Mapping[str, Sequence[Mapping[str, str]]]], listed: str, name: str, prefix: str
) -> Iterator[str]:
    """Yield the names that begin with *prefix*.

    Args:
        pages: The answers of a call that lists.
        listed: Where the list is in an answer.
        name: Where the name is in an entry of it.
        prefix: What the names begin with.
    """
    for page in pages:
        yield from (each[name] for each in page[listed] if each[name].startswith(prefix))
