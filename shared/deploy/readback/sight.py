"""What could not be read, because AWS refused it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from shared.deploy.caller import is_denial
from shared.deploy.guard import OwnershipError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class Unseen:
    """What was not read, and the call that AWS refused."""

    what: str
    call: str

    def __str__(self) -> str:
        return f"{self.what}: AWS refused {self.call} to the caller"


class Sight:
    """Reads AWS, and notes which reads it was refused."""

    def __init__(self) -> None:
        self._unseen: set[Unseen] = set()

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """What was not read, sorted."""
        return tuple(sorted(self._unseen))

    @contextlib.contextmanager
    def looking(self, what: str) -> Iterator[None]:
        """Note a denial of what is read inside, and go on after it. Any other error is raised.

        A bucket that may not be seen is taken for another account's by :mod:`shared.deploy.resources.bucket`.
        """
        try:
            yield
        except ClientError as error:
            if not is_denial(error):
                raise
            self._unseen.add(Unseen(what, error.operation_name))
        except OwnershipError:
            self._unseen.add(Unseen(what, "HeadBucket"))

    def list(self, what: str, read: Callable[[], Iterable[Item]]) -> list[Item] | None:
        """Return all that *read* yields, or None when it is refused."""
        with self.looking(what):
            return list(read())
        return None
