"""EventBridge's lists of rules by prefix, and policies of buses, which moto 5.2 answers with 500.

It takes a prefix for a regular expression, and only knows policies that are lists of statements with a Sid.

Source: Amazon EventBridge API reference, ListRules and PutPermission (in botocore's model, read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend

from shared.local.seams import Seam, plugged
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_MEMBERS = ("Sid", "Effect", "Principal", "Action", "Resource")


@contextlib.contextmanager
def event_buses_asked_rightly() -> Iterator[None]:
    """Have moto take these calls as EventBridge does, while the block lasts."""
    seams = (Seam(EventsBackend, "list_rules", _listing), Seam(EventsBackend, "put_permission", _permitting))
    with plugged(seams):
        yield


def _listing(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def list_rules(self: EventsBackend, prefix: str | None = None, **given: Any) -> object:
        if prefix is not None and not _NAME.fullmatch(prefix):
            raise JsonRESTError(
                "ValidationException",
                f"1 validation error detected: Value '{prefix}' at 'namePrefix' failed to satisfy constraint: Member "
                r"must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
            )
        return original(self, prefix=prefix if prefix is None else re.escape(prefix), **given)

    return list_rules


def _permitting(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def put_permission(self: EventsBackend, *args: Any) -> None:
        *before, policy = args
        original(self, *before, _policy(policy) if policy else policy)

    return put_permission


def _policy(text: str) -> str:
    """Return the policy *text* as moto reads one.

    Raises:
        JsonRESTError: It is none, or a statement lacks what moto needs.
    """
    try:
        read = read_strict(text)
    except ValueError as error:
        raise JsonRESTError("ValidationException", "This policy contains invalid Json") from error
    policy = read if isinstance(read, dict) else {}
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        raise JsonRESTError("ValidationException", "This policy contains no statements")
    for each in statements:
        lacking = [name for name in _MEMBERS if name not in each]
        if lacking:
            raise JsonRESTError(
                "NotImplementedException",
                f"the embedded cloud keeps no statement of a bus's policy without {', '.join(lacking)}; add it, or try "
                "it on AWS",
            )
    return json.dumps(policy | {"Statement": statements})
