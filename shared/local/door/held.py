"""How an answer begins, kept back until it is known whether it may be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from wsgiref.types import StartResponse

    from _typeshed import OptExcInfo


class Held:
    """What an application gives to ``start_response``. Bytes that it writes by the old way of WSGI are dropped."""

    def __init__(self) -> None:
        self.status = ""
        self._headers: list[tuple[str, str]] = []
        self._error: tuple[OptExcInfo | None, ...] = ()

    def __call__(
        self, status: str, headers: list[tuple[str, str]], *error: OptExcInfo | None
    ) -> Callable[[bytes], object]:
        """Keep it."""
        self.status, self._headers, self._error = status, headers, error
        return lambda _: None

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, their names in small letters."""
        return {name.lower(): value for name, value in self._headers}

    def one(self, name: str) -> str:
        """Return the header *name*, in small letters; "" if there is none."""
        return self.headers.get(name, "")

    def tell(self, start: StartResponse) -> None:
        """Let it go on its way."""
        start(self.status, self._headers, *self._error)
