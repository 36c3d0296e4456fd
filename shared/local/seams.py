"""Seams into moto: where the embedded cloud stands in the place of moto's own functions.

moto has no hooks for most of what this cloud does otherwise. So functions and methods of moto's are replaced by name
for as long as a ``with`` block lasts. The tests in tests/contract fail when moto changes what is replaced here.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from moto.core.responses import BaseResponse

_ABSENT = object()


class Seam(NamedTuple):
    """One name in moto, and what makes its replacement.

    Attributes:
        owner: The class or the module that has the name. It need not have it yet.
        name: The name.
        wrap: Returns the replacement. It is given what the name stood for before, or None.
    """

    owner: type | ModuleType
    name: str
    wrap: Callable[[Any], object]


def replacing(owner: type | ModuleType, name: str, replacement: object) -> Seam:
    """Return the seam of a *replacement* that does not need what it replaces."""
    return Seam(owner, name, lambda _: replacement)


def then(after: Callable[[], None], original: Callable[..., object]) -> Callable[..., object]:
    """Wrap *original*: *after* is called when it has returned."""

    @functools.wraps(original)
    def change(*args: object, **named: object) -> object:
        answer = original(*args, **named)
        after()
        return answer

    return change


@contextmanager
def plugged(seams: Iterable[Seam]) -> Iterator[None]:
    """Put *seams* in, one after the other, while the block lasts; take them out in the opposite order.

    Afterwards each owner has what it had: a name that it inherited or did not have is deleted again.
    """
    with ExitStack() as undo:
        for owner, name, wrap in seams:
            replacement = wrap(getattr(owner, name, None))
            undo.callback(_put_back, owner, name, vars(owner).get(name, _ABSENT))
            setattr(owner, name, replacement)
        yield


def _put_back(owner: type | ModuleType, name: str, before: object) -> None:
    if before is _ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, before)


def parameter(response: BaseResponse, name: str, default: object = None) -> Any:
    """Return a parameter of the request that *response* answers, as moto reads it; *default* if it is not given."""
    return response._get_param(name, default)  # noqa: SLF001  moto has no public way
