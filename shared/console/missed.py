"""What to say on a page of a call that failed, where the page shows what else is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.deploy.caller import is_denial
from shared.errors import LanesError, code_of
from shared.hidden import hide_text
from shared.run.map_total import is_throttled

if TYPE_CHECKING:
    from collections.abc import Iterable


def told_missed(errors: Iterable[Exception | None]) -> tuple[str, ...]:
    """Return a sentence for each of *errors*, none of them twice; None is no error."""
    return tuple(dict.fromkeys(_told(error) for error in errors if error is not None))


def _told(error: Exception) -> str:
    if not isinstance(error, ClientError):
        what = error.what if isinstance(error, LanesError) else f"The cloud does not answer: {error}"
        return hide_text(f"{what}. What was read before is shown; it is asked again.")
    call = error.operation_name
    if is_throttled(error):
        why = "AWS answers an account so many calls a second, for all who ask"
        return f"{call} was asked too often: {why}. What was read before is shown; it is asked again."
    if is_denial(error):
        return f"These credentials may not call {call}: what only that tells is not shown. See who you are: --as."
    return hide_text(f"{call}: {code_of(error)}: {error}. What was read before is shown; it is asked again.")
