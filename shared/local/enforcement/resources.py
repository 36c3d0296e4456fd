"""The policy of a resource: of a bucket, secret, repository, function, layer, table, queue, topic, key, bus, log group.

A resource of a service that keeps no policies, or one that does not exist, has none. Then the caller's own policies
decide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.iam.statements import Policy, read_resource_policy
from shared.local.layers import published_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.values import Json

    Reader = Callable[[str, str, str], str | dict[str, Json] | None]

_SEGMENTS = 6


def hanging_on(arn: str, account: str) -> tuple[Policy, ...]:
    """Return the policies of the resource *arn*, none or one; *account* counts where the ARN names none."""
    parts = arn.split(":", _SEGMENTS - 1)
    if len(parts) < _SEGMENTS or parts[2] not in READERS:
        return ()
    document = READERS[parts[2]](parts[4] or account, parts[3], parts[5])
    return (read_resource_policy(arn, document),) if document else ()


def _bucket(account: str, _region: str, resource: str) -> str | None:
    from moto.s3.models import s3_backends  # each service loads when it is first asked about

    for backend in list(s3_backends[account].values()):
        bucket = backend.buckets.get(resource.partition("/")[0])
        if bucket is not None:
            return bucket.policy.decode() if bucket.policy else None
    return None


def _secret(account: str, region: str, resource: str) -> str | None:
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = list(secretsmanager_backends[account][region].secrets.values())
    found = next((each for each in secrets if each.arn.endswith(f":{resource}")), None)
    return getattr(found, "policy", None)


def _repository(account: str, region: str, resource: str) -> str | None:
    from moto.ecr.models import ecr_backends

    found = ecr_backends[account][region].repositories.get(resource.removeprefix("repository/"))
    return found.policy if found else None


def _function(account: str, region: str, resource: str) -> dict[str, Json] | None:
    """Return the policies of a function, its versions and its aliases as one. Each statement names its resource.

    A layer that stands for another account's is everybody's, as a public one is.
    """
    from moto.awslambda.exceptions import UnknownFunctionException
    from moto.awslambda.utils import get_backend

    if resource.startswith("layer:"):
        arn = f"arn:aws:lambda:{region}:{account}:{resource}"
        public: dict[str, Json] = {
            "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": arn,
        }  # fmt: skip
        return {"Version": "2012-10-17", "Statement": [public]} if published_as(arn) else None
    kind, name, *_ = [*resource.split(":"), ""]
    backend = get_backend(account, region)
    try:
        versions = backend.list_versions_by_function(name) if kind == "function" else ()
    except UnknownFunctionException:
        return None
    policies = {id(version.policy): version.policy for version in versions}
    statements = [statement for policy in policies.values() for statement in list(policy.statements)]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _table(account: str, region: str, resource: str) -> str | None:
    """Return the policy of a table, which its indexes share, or of a stream."""
    from moto.dynamodb.models import dynamodb_backends

    policies = dynamodb_backends[account][region].resource_policies
    own = resource.partition("/index/")[0]
    found = next((policy for arn, policy in list(policies.items()) if arn.endswith(f":{own}")), None)
    return found.policy_doc if found else None


def _queue(account: str, region: str, resource: str) -> str | dict[str, Json] | None:
    from moto.sqs.models import sqs_backends

    found = sqs_backends[account][region].queues.get(resource)
    return found.policy if found else None


def _topic(account: str, region: str, resource: str) -> str | None:
    from moto.sns.models import sns_backends

    topics = list(sns_backends[account][region].topics.values())
    return next((topic.policy for topic in topics if topic.arn.endswith(f":{resource}")), None)


def _key(account: str, region: str, resource: str) -> str | None:
    from moto.kms.models import kms_backends

    found = kms_backends[account][region].keys.get(resource.removeprefix("key/"))
    return found.policy if found else None


def _bus(account: str, region: str, resource: str) -> str | None:
    from moto.events.models import events_backends

    found = events_backends[account][region].event_buses.get(resource.removeprefix("event-bus/"))
    return found.policy if found else None


def _log_group(account: str, region: str, _resource: str) -> str | dict[str, Json] | None:
    """Return all resource policies of CloudWatch Logs in a region as one. Each statement names its log groups."""
    from moto.logs.models import logs_backends

    statements: list[Json] = []
    for policy in list(logs_backends[account][region].resource_policies.values()):
        try:
            held = json.loads(policy.policy_document)["Statement"]
            statements += held if isinstance(held, list) else [held]
        except (ValueError, KeyError, TypeError):
            return str(policy.policy_document)  # moto keeps what AWS would refuse; the reader reports it as broken
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


READERS: dict[str, Reader] = {
    "dynamodb": _table,
    "ecr": _repository,
    "events": _bus,
    "kms": _key,
    "lambda": _function,
    "logs": _log_group,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
