"""How large a state's data may be, and how deep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.aws_facts import STATE_DATA
from shared.local.asl.errors import DATA_LIMIT, RUNTIME, StateFailure, dumps
from shared.local.asl.json_text import TOO_NESTED, too_nested

if TYPE_CHECKING:
    from shared.values import Json

MAX_BYTES = STATE_DATA.value
# What has so few members, none longer, is far below MAX_BYTES however it is written: our choice, so that most states
# need not write their data down to know.
_FEW, _SHORT = 16, 500


def check_size(value: Json, state: str) -> None:
    """Raise as AWS does when *value*, what *state* has come to, is larger than 256 KB as JSON, or nested too deeply."""
    if isinstance(value, (dict, list, str)) and not _surely_small(value):
        text = dumps(value)
        if too_nested(value, text):
            raise StateFailure(RUNTIME, f"{TOO_NESTED}, in what the state/task '{state}' returned")
        # A character takes four bytes at most. So a text is encoded, to count its bytes, only if it may be too large.
        if len(text) * 4 > MAX_BYTES:
            check_bytes(len(text.encode(errors="replace")), state)


def _surely_small(value: dict[str, Json] | list[Json] | str) -> bool:
    """Tell whether *value* is a short text, or a few numbers and short texts."""
    if isinstance(value, str):
        return len(value) <= _SHORT
    if len(value) > _FEW:
        return False
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)) or (isinstance(item, str) and len(item) > _SHORT):
            return False
    return not isinstance(value, dict) or all(len(name) <= _SHORT for name in value)


def check_bytes(size: int, state: str) -> None:
    """Raise as AWS does when *size*, the bytes of what *state* has come to, is more than 256 KB."""
    if size > MAX_BYTES:
        raise StateFailure(
            DATA_LIMIT,
            f"The state/task '{state}' returned a result with a size exceeding the maximum number of bytes service "
            "limit.",
        )
