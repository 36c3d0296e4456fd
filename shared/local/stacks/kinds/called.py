"""What starts and calls: schedules of EventBridge Scheduler, connections of EventBridge, and secrets.

Source: AWS CloudFormation Template Reference, AWS::Scheduler::Schedule, AWS::Scheduler::ScheduleGroup,
AWS::Events::Connection and AWS::SecretsManager::Secret (read 2026-11-30).
"""

from __future__ import annotations

import json
from typing import Any

from shared.local.stacks.kinds.kind import Kind, Properties, Work, only, retag
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, made_of, members

_NAME = 64
_TAGS = Property("dynamodb.CreateTable.Tags")


class Schedule(Kind):
    """A schedule. Its name stays, and its group."""

    type = "AWS::Scheduler::Schedule"
    properties = members(
        "scheduler",
        "CreateSchedule",
        "Description EndDate FlexibleTimeWindow KmsKeyArn ScheduleExpression ScheduleExpressionTimezone StartDate "
        "State Target",
        replaces="GroupName Name",
    )
    required = ("FlexibleTimeWindow", "ScheduleExpression", "Target")
    attributes = ("Arn",)
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = str(wanted.get("Name") or work.generated(_NAME))
        work.client("scheduler").create_schedule(**{**wanted, "Name": name})
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Say all of it anew, as the API asks."""
        work.client("scheduler").update_schedule(**{**wanted, "Name": physical})

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("scheduler").delete_schedule(Name=physical, **only(have, "GroupName"))

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": work.arn("scheduler", f"schedule/{have.get('GroupName', 'default')}/{physical}")}


class ScheduleGroup(Kind):
    """A group of schedules."""

    type = "AWS::Scheduler::ScheduleGroup"
    properties = {"Name": Property("scheduler.CreateScheduleGroup.Name", replaces=True), "Tags": _TAGS}
    attributes = ("Arn",)
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = str(wanted.get("Name") or work.generated(_NAME))
        work.client("scheduler").create_schedule_group(Name=name, **only(wanted, "Tags"))
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change its tags."""
        scheduler, arn = work.client("scheduler"), work.arn("scheduler", f"schedule-group/{physical}")
        retag(
            have,
            wanted,
            lambda gone: scheduler.untag_resource(ResourceArn=arn, TagKeys=gone),
            lambda: scheduler.tag_resource(ResourceArn=arn, Tags=wanted["Tags"]),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it with its schedules."""
        with gone_already():
            work.client("scheduler").delete_schedule_group(Name=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": work.arn("scheduler", f"schedule-group/{physical}")}


class Connection(Kind):
    """What http:invoke authorizes itself with."""

    type = "AWS::Events::Connection"
    properties = members("events", "CreateConnection", "AuthorizationType AuthParameters Description", replaces="Name")
    attributes = ("Arn", "SecretArn")
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = str(wanted.get("Name") or work.generated(_NAME))
        work.client("events").create_connection(**{**wanted, "Name": name})
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it."""
        work.client("events").update_connection(**{**wanted, "Name": physical})

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("events").delete_connection(Name=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN, and its secret's."""
        told = work.client("events").describe_connection(Name=physical)
        return {"Arn": told["ConnectionArn"], "SecretArn": told.get("SecretArn")}


class Secret(Kind):
    """A secret: given, or made at random."""

    type = "AWS::SecretsManager::Secret"
    properties = {
        **members("secretsmanager", "CreateSecret", "Description KmsKeyId SecretString Tags", replaces="Name"),
        "GenerateSecretString": made_of(
            {
                "ExcludeCharacters": "string",
                "ExcludeLowercase": "boolean",
                "ExcludeNumbers": "boolean",
                "ExcludePunctuation": "boolean",
                "ExcludeUppercase": "boolean",
                "GenerateStringKey": "string",
                "IncludeSpace": "boolean",
                "PasswordLength": "integer",
                "RequireEachIncludedType": "boolean",
                "SecretStringTemplate": "string",
            }
        ),
    }
    attributes = ("Id",)
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = wanted.get("Name") or work.generated(_NAME, with_stack=False)
        settings = only(wanted, "Description", "KmsKeyId", "Tags")
        secrets = work.client("secretsmanager")
        return str(secrets.create_secret(Name=name, SecretString=_text(secrets, wanted), **settings)["ARN"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it; a random one is made anew where what it is made of has changed."""
        secrets = work.client("secretsmanager")
        new = {}
        source = ("SecretString", "GenerateSecretString")
        if only(wanted, *source) != only(have, *source):
            new = {"SecretString": _text(secrets, wanted)}
        settings = {"Description": "", **only(wanted, "Description", "KmsKeyId"), **new}
        secrets.update_secret(SecretId=physical, **settings)
        retag(
            have,
            wanted,
            lambda gone: secrets.untag_resource(SecretId=physical, TagKeys=gone),
            lambda: secrets.tag_resource(SecretId=physical, Tags=wanted["Tags"]),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it at once, as CloudFormation does."""
        with gone_already():
            work.client("secretsmanager").delete_secret(SecretId=physical, ForceDeleteWithoutRecovery=True)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id."""
        return {"Id": physical}


def _text(secrets: Any, wanted: Properties) -> str:
    """Return the secret's text: as given, at random, or an object with one random value."""
    if "SecretString" in wanted:
        return str(wanted["SecretString"])
    how: Any = dict(wanted.get("GenerateSecretString") or {})  # type: ignore[arg-type]  # an object: it fits its shape
    template, key = how.pop("SecretStringTemplate", None), how.pop("GenerateStringKey", None)
    random = str(secrets.get_random_password(**how)["RandomPassword"])
    return random if template is None or key is None else json.dumps({**json.loads(template), key: random})


KINDS: tuple[Kind, ...] = (Schedule(), ScheduleGroup(), Connection(), Secret())
