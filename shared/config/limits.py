"""What Lambda allows in one account and region, as shared/settings.yaml says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.field_types import Count
from shared.config.model import FileModel

if TYPE_CHECKING:
    from shared.config.document import Document


class Range(FileModel):
    """Inclusive bounds."""

    minimum: int
    maximum: int


class Concurrency(FileModel):
    """The account's concurrent executions, and how many of them must stay unreserved."""

    account: Count
    unreserved: Count


class Limits(FileModel):
    """What Lambda allows in one account and region."""

    memory_size: Range
    timeout: Range
    concurrency: Concurrency


def check_size(value: int | None, limit: Range, path: tuple[str, ...], document: Document) -> None:
    """Report a *value* at *path* that is outside its *limit*."""
    if value is not None and not limit.minimum <= value <= limit.maximum:
        document.problem(path, f"{'.'.join(path)} is {value}, not {limit.minimum} to {limit.maximum}")
