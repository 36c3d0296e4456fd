"""Services that keep values or carry messages: Secrets Manager, SSM's parameters, SQS, SNS, KMS and Route 53."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources

# A secret's ARN ends in a dash and six random characters, which policies write "-??????" (User Guide, "What's in a
# Secrets Manager secret?"). For a secret that does not exist yet, this pattern stands for them.
_SUFFIX = "-??????"


def secret(asked: Asked) -> list[str | None]:
    """Return the secret of the call, by its name, its ARN, or its ARN without the random part."""
    named = asked.text("SecretId") or asked.text("Name")
    return [secret_arn(asked, named)] if named else [None]


def secret_arn(asked: Asked, named: str) -> str:
    """Return the ARN of the secret *named*."""
    known = asked.facts.secret_arn(asked.call.region, named)
    if known or named.startswith("arn:"):
        return known or named
    return asked.arn("secretsmanager", f"secret:{named}{_SUFFIX}")


def _tagged_secret(asked: Asked) -> list[str | None]:
    return secret(asked) if asked.all("Tags[]") else []


SECRETS: Exceptions = {
    # API, CreateSecret: tags need TagResource.
    "CreateSecret": (("secretsmanager:CreateSecret", secret), ("secretsmanager:TagResource", _tagged_secret)),
    # API, BatchGetSecretValue: the list itself, and each secret that is read.
    "BatchGetSecretValue": (
        ("secretsmanager:BatchGetSecretValue", "*"),
        (
            "secretsmanager:GetSecretValue",
            lambda asked: [secret_arn(asked, each) for each in asked.texts("SecretIdList[]")],
        ),
        ("secretsmanager:GetSecretValue", lambda asked: [None] if asked.all("Filters[]") else []),
    ),
}
SECRETS_RESOURCES: Resources = {"Secret": secret}


def parameter(asked: Asked) -> list[str | None]:
    """Return the parameters. A path stands for all below it, as on AWS (SAR, GetParametersByPath)."""
    named = [each for name in ("Name", "Names[]", "Path", "ResourceId") for each in asked.texts(name)]
    return [
        each if each.startswith("arn:") else asked.arn("ssm", f"parameter/{each.partition(':')[0].strip('/')}")
        for each in named
    ]


def _tagged_parameter(asked: Asked) -> list[str | None]:
    return parameter(asked) if asked.all("Tags[]") else []


# What stands before an id in the ARN of each kind of thing with tags (API, ListTagsForResource, ResourceType).
_SSM_KINDS = {
    "Association": "association",
    "Automation": "automation-execution",
    "Document": "document",
    "MaintenanceWindow": "maintenancewindow",
    "ManagedInstance": "managed-instance",
    "OpsItem": "opsitem",
    "OpsMetadata": "opsmetadata",
    "PatchBaseline": "patchbaseline",
}


def _of_type(asked: Asked) -> list[str | None]:
    """Return what a call about tags names: its type tells the kind, and its id alone would fit any."""
    kind = asked.text("ResourceType")
    if kind == "Parameter":
        return parameter(asked) or [None]
    return [asked.arn("ssm", f"{_SSM_KINDS[kind]}/{asked.text('ResourceId')}") if kind in _SSM_KINDS else None]


SSM: Exceptions = {
    **{
        operation: ((f"ssm:{operation}", _of_type),)
        for operation in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource")
    },
    # API, PutParameter: tags need AddTagsToResource.
    "PutParameter": (("ssm:PutParameter", parameter), ("ssm:AddTagsToResource", _tagged_parameter)),
}
SSM_RESOURCES: Resources = {
    "parameter": lambda asked: [] if asked.text("ResourceType") not in {None, "Parameter"} else parameter(asked),
}


def queue(asked: Asked) -> list[str | None]:
    """Return the queue, from its name, its ARN, or the last part of its URL."""
    arn = asked.text("SourceArn")
    if arn:
        return [arn]
    url, name = asked.text("QueueUrl"), asked.text("QueueName")
    if url is None:
        return [asked.arn("sqs", name)] if name else [None]
    before, _, last = url.rstrip("/").rpartition("/")
    account = before.rpartition("/")[2]
    return [f"arn:{asked.partition}:sqs:{asked.call.region}:{account if account.isdigit() else asked.account}:{last}"]


SQS: Exceptions = {
    # SAR has no actions for batches. They need the action for a single message.
    "SendMessageBatch": (("sqs:SendMessage", queue),),
    "DeleteMessageBatch": (("sqs:DeleteMessage", queue),),
    "ChangeMessageVisibilityBatch": (("sqs:ChangeMessageVisibility", queue),),
    "CreateQueue": (
        ("sqs:CreateQueue", queue),
        ("sqs:TagQueue", lambda asked: queue(asked) if asked.all("tags") else []),
    ),
}
SQS_RESOURCES: Resources = {"queue": queue}


def topic(asked: Asked) -> list[str | None]:
    """Return the topic; ``*`` for a message to a telephone, which has none (Developer Guide)."""
    if asked.text("PhoneNumber"):
        return ["*"]
    arn = asked.text("TopicArn") or asked.text("TargetArn") or asked.text("ResourceArn")
    name = asked.text("Name")
    return [arn] if arn else [asked.arn("sns", name)] if name else [None]


SNS: Exceptions = {
    "PublishBatch": (("sns:Publish", topic),),  # SAR has no action for a batch
    "CreateTopic": (
        ("sns:CreateTopic", topic),
        ("sns:TagResource", lambda asked: topic(asked) if asked.all("Tags[]") else []),
    ),
}
SNS_RESOURCES: Resources = {"topic": topic}


def key(parameter_name: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds a KMS key in a parameter, by its id or ARN; None for an alias, which does not tell its key."""

    def found(asked: Asked) -> list[str | None]:
        named = asked.text(parameter_name)
        if named is None or "alias/" in named:
            return [None]
        return [named if named.startswith("arn:") else asked.arn("kms", f"key/{named}")]

    return found


KMS: Exceptions = {
    # SAR. A ciphertext does not tell its key, so the call must name it.
    "ReEncrypt": (("kms:ReEncryptFrom", key("SourceKeyId")), ("kms:ReEncryptTo", key("DestinationKeyId"))),
}
KMS_RESOURCES: Resources = {
    "key": lambda asked: key("TargetKeyId" if asked.text("TargetKeyId") else "KeyId")(asked),
    "alias": lambda asked: [asked.arn("kms", each) for each in asked.texts("AliasName")],
}

ROUTE53: Exceptions = {
    # SAR: these are for each kind of resource. moto has tags of zones and health checks.
    **{
        operation: (
            (
                f"route53:{operation}",
                lambda asked: [
                    f"arn:{asked.partition}:route53:::{asked.text('ResourceType')}/{one}"
                    for one in asked.texts("ResourceId") + asked.texts("ResourceIds[]")
                ],
            ),
        )
        for operation in ("ChangeTagsForResource", "ListTagsForResource", "ListTagsForResources")
    },
}
