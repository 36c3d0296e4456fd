"""The members of an operation's input. Each is read from the request when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final

from shared.local.calls.call import CallNotReadError, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.model import Shape, StructureShape


class Absent(Enum):
    """Stands for the value of a member that a request does not have; None is a value."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Members(Mapping[str, Value]):
    """The members of an input that a request has, by their names.

    Args:
        shape: The operation's input; None if it takes none.
        read: Returns the value of a member, or `ABSENT`; raises ValueError if it has another type.
    """

    def __init__(self, shape: StructureShape | None, read: Callable[[str, Shape], Value | Absent]) -> None:
        self._shapes: Mapping[str, Shape] = shape.members if shape else {}
        self._read = read
        self._known: dict[str, Value | Absent] = {}

    def _value(self, name: str) -> Value | Absent:
        if name not in self._known:
            shape = self._shapes.get(name)
            try:
                self._known[name] = self._read(name, shape) if shape else ABSENT
            except ValueError as error:
                raise CallNotReadError(
                    f"{name} cannot be read: {error}", fix="see its type in boto3's reference"
                ) from error
        return self._known[name]

    def __getitem__(self, name: str) -> Value:
        value = self._value(name)
        if value is ABSENT:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._shapes if self._value(name) is not ABSENT)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._value(name) is not ABSENT

    def __repr__(self) -> str:
        return repr(dict(self))
