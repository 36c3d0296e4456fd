"""Policies that AWS manages: moto has their documents and, as it is set up here, knows none of them.

Switched on, one is there as soon as a call names it by its ARN. All 1,582 of them would make each call that attaches a
policy slower, since moto goes through all that it has. So ListPolicies tells only those that were named.
tests/unit/local/corrections/test_aws_policies.py fails when moto changes what is used.

Source: moto's own copy of AWS's policies (moto/iam/aws_managed_policies.py, imported from AWS).
"""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING, Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OF_AWS = ":iam::aws:policy/"
_CALLS = (
    "attach_role_policy",
    "attach_user_policy",
    "attach_group_policy",
    "get_policy",
    "get_policy_version",
    "list_policy_versions",
    "list_entities_for_policy",
    "create_role",
    "create_user",
    "put_role_permissions_boundary",
    "put_user_permissions_boundary",
)


@contextlib.contextmanager
def aws_policies_known() -> Iterator[None]:
    """Have moto's IAM know the policies that AWS manages, while the block lasts."""
    with plugged([Seam(IAMBackend, name, _knowing) for name in _CALLS]):
        yield


def _knowing(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def call(self: IAMBackend, *args: object, **named: object) -> object:
        for each in (*args, *named.values()):
            if isinstance(each, str) and _OF_AWS in each and each not in self.managed_policies:
                _bring(self, each)
        return original(self, *args, **named)

    return call


def _bring(backend: IAMBackend, arn: str) -> None:
    name = arn.rpartition("/")[2]
    data = _documents().get(name)
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
    if policy.arn == arn:
        backend.aws_managed_policies.append(policy)
        backend.managed_policies[arn] = policy


@functools.cache
def _documents() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found
