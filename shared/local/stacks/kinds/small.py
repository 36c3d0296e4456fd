"""Types of one call or two: log groups, parameters, rules of EventBridge, and what makes nothing.

Source: AWS CloudFormation Template Reference, AWS::Logs::LogGroup, AWS::SSM::Parameter, AWS::Events::Rule (read
2026-11-30).
"""

from __future__ import annotations

import json
from typing import Any

from shared.local.stacks.kinds.kind import Kind, Properties, Work, only, retag, tags_of
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, members


class LogGroup(Kind):
    """A log group. How long it keeps its lines, and its tags, are changed in place."""

    type = "AWS::Logs::LogGroup"
    properties = {
        "KmsKeyId": Property("logs.CreateLogGroup.kmsKeyId", replaces=True),
        "LogGroupName": Property("logs.CreateLogGroup.logGroupName", replaces=True),
        "RetentionInDays": Property("logs.PutRetentionPolicy.retentionInDays"),
        "Tags": Property("dynamodb.CreateTable.Tags"),
    }
    attributes = ("Arn",)
    named_by = "LogGroupName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = str(wanted.get("LogGroupName") or work.generated(512))
        logs = work.client("logs")
        key = {"kmsKeyId": wanted["KmsKeyId"]} if "KmsKeyId" in wanted else {}
        logs.create_log_group(logGroupName=name, tags=tags_of(wanted), **key)
        if "RetentionInDays" in wanted:
            logs.put_retention_policy(logGroupName=name, retentionInDays=wanted["RetentionInDays"])
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it."""
        logs = work.client("logs")
        if "RetentionInDays" in wanted:
            logs.put_retention_policy(logGroupName=physical, retentionInDays=wanted["RetentionInDays"])
        elif "RetentionInDays" in have:
            logs.delete_retention_policy(logGroupName=physical)
        arn = work.arn("logs", f"log-group:{physical}")
        retag(
            have,
            wanted,
            lambda gone: logs.untag_resource(resourceArn=arn, tagKeys=gone),
            lambda: logs.tag_resource(resourceArn=arn, tags=tags_of(wanted)),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("logs").delete_log_group(logGroupName=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": work.arn("logs", f"log-group:{physical}:*")}


class Parameter(Kind):
    """A parameter of Systems Manager, of a type that templates may have: no SecureString."""

    type = "AWS::SSM::Parameter"
    properties = {
        **members("ssm", "PutParameter", "AllowedPattern Description Tier Type Value", replaces="Name"),
        "DataType": Property("ssm.PutParameter.DataType", replaces=True),
        "Tags": Property(),
    }
    required = ("Type", "Value")
    attributes = ("Type", "Value")
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it, unless there is one of the name."""
        name = str(wanted.get("Name") or f"CFN-{work.generated(1000)}")
        tags: Any = wanted.get("Tags") or {}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else tags
        settings = {key: value for key, value in wanted.items() if key not in {"Name", "Tags"}}
        work.client("ssm").put_parameter(Name=name, **settings, **({"Tags": listed} if listed else {}))
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put another value in its place."""
        settings = {key: value for key, value in wanted.items() if key not in {"Name", "Tags"}}
        work.client("ssm").put_parameter(Name=physical, Overwrite=True, **settings)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("ssm").delete_parameter(Name=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its type and its value."""
        return only(have, "Type", "Value")


class Rule(Kind):
    """A rule of EventBridge, with its targets."""

    type = "AWS::Events::Rule"
    properties = {
        **members("events", "PutRule", "Description RoleArn ScheduleExpression State", replaces="EventBusName Name"),
        "EventPattern": Property(),
        "Targets": Property("events.PutTargets.Targets"),
    }
    attributes = ("Arn",)
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it with its targets; if one is refused, nothing stays."""
        name = str(wanted.get("Name") or work.generated(64))
        try:
            self._put(work, name, {}, wanted)
        except BaseException:
            self.delete(work, name, {**wanted, "Targets": []})
            raise
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it and its targets."""
        self._put(work, physical, have, wanted)

    @staticmethod
    def _put(work: Work, name: str, have: Properties, wanted: Properties) -> None:
        events = work.client("events")
        pattern = wanted.get("EventPattern")
        told = {} if pattern is None else {"EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern)}
        settings = only(wanted, "Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")
        events.put_rule(Name=name, **settings, **told)
        bus = only(wanted, "EventBusName")
        targets: Any = wanted.get("Targets") or []
        gone = sorted(_ids(have) - _ids(wanted))
        if gone:
            events.remove_targets(Rule=name, Ids=gone, **bus)
        if targets:
            events.put_targets(Rule=name, Targets=targets, **bus)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it with its targets."""
        events, bus = work.client("events"), only(have, "EventBusName")
        with gone_already():
            if _ids(have):
                events.remove_targets(Rule=physical, Ids=sorted(_ids(have)), **bus)
            events.delete_rule(Name=physical, **bus)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        told = work.client("events").describe_rule(Name=physical, **only(have, "EventBusName"))
        return {"Arn": told["Arn"]}


def _ids(properties: Properties) -> set[str]:
    targets: Any = properties.get("Targets") or []
    return {str(each["Id"]) for each in targets}


class CdkMetadata(Kind):
    """What the CDK tells AWS of the constructs in a template. It makes nothing anywhere."""

    type = "AWS::CDK::Metadata"
    properties = {"Analytics": Property()}

    def create(self, work: Work, wanted: Properties) -> str:
        """Make nothing."""
        return work.generated(64)

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change nothing."""

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete nothing."""


KINDS: tuple[Kind, ...] = (LogGroup(), Parameter(), Rule(), CdkMetadata())
