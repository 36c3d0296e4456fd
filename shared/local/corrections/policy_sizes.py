"""How long IAM lets policies be, which moto does not ask.

White space does not count. Source: IAM user guide, "IAM and AWS STS quotas": role trust policies, managed policies, and
the inline policies of a user, a group or a role together (read 2026-11-29). The messages are IAM's, as users report
them.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Method = Callable[..., object]

_TRUST, _MANAGED = 2_048, 6_144
_INLINE = {"role": 10_240, "group": 5_120, "user": 2_048}


@contextlib.contextmanager
def long_policies_refused() -> Iterator[None]:
    """Have moto refuse policies that IAM refuses for their length, while the block lasts."""
    trust, managed = f"ACLSizePerRole: {_TRUST}", f"PolicySize: {_MANAGED}"
    seams = (
        Seam(IAMBackend, "create_role", functools.partial(_held, "assume_role_policy_document", _TRUST, trust)),
        Seam(IAMBackend, "update_assume_role_policy", functools.partial(_held, "policy_document", _TRUST, trust)),
        Seam(IAMBackend, "create_policy", functools.partial(_held, "policy_document", _MANAGED, managed)),
        Seam(IAMBackend, "create_policy_version", functools.partial(_held, "policy_document", _MANAGED, managed)),
        *(Seam(IAMBackend, f"put_{kind}_policy", functools.partial(_held_together, kind)) for kind in _INLINE),
    )
    with plugged(seams):
        yield


def _held(name: str, most: int, quota: str, original: Method) -> Method:
    known = inspect.signature(original)

    @functools.wraps(original)
    def method(*given: object, **named: object) -> object:
        if _length(str(known.bind(*given, **named).arguments[name])) > most:
            raise LimitExceededException(f"Cannot exceed quota for {quota}")
        return original(*given, **named)

    return method


def _held_together(kind: str, original: Method) -> Method:
    """Hold the inline policies of one user, group or role to their length together."""

    @functools.wraps(original)
    def method(backend: IAMBackend, owner: str, policy_name: str, policy_json: str) -> object:
        whose = getattr(backend, f"get_{kind}")(owner)
        told: Mapping[str, str] = whose.policies
        others = sum(_length(text) for name, text in told.items() if name != policy_name)
        if others + _length(policy_json) > _INLINE[kind]:
            what = f"Maximum policy size of {_INLINE[kind]} bytes exceeded for {kind} {owner}"
            raise LimitExceededException(what)
        return original(backend, owner, policy_name, policy_json)

    return method


def _length(document: str) -> int:
    return len("".join(document.split()))
