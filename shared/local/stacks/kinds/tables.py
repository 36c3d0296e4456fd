"""AWS::DynamoDB::Table.

Source: AWS CloudFormation Template Reference, AWS::DynamoDB::Table (read 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work, only, retag
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, made_of, members

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = 255
_MADE_WITH = (
    "AttributeDefinitions BillingMode DeletionProtectionEnabled GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes "
    "ProvisionedThroughput TableClass Tags"
)


class Table(Kind):
    """A table. Its keys stay; how it is billed, its indexes, tags, time to live and recovery are changed in place."""

    type = "AWS::DynamoDB::Table"
    properties = {
        **members(
            "dynamodb",
            "CreateTable",
            "AttributeDefinitions BillingMode DeletionProtectionEnabled GlobalSecondaryIndexes ProvisionedThroughput "
            "TableClass Tags",
            replaces="KeySchema LocalSecondaryIndexes TableName",
        ),
        "PointInTimeRecoverySpecification": Property(
            "dynamodb.UpdateContinuousBackups.PointInTimeRecoverySpecification",
            without=frozenset({"RecoveryPeriodInDays"}),
        ),
        "SSESpecification": made_of({"SSEEnabled!": "boolean", "SSEType": "string", "KMSMasterKeyId": "string"}),
        "StreamSpecification": Property(
            "dynamodb.CreateTable.StreamSpecification", without=frozenset({"StreamEnabled"})
        ),
        "TimeToLiveSpecification": Property("dynamodb.UpdateTimeToLive.TimeToLiveSpecification"),
    }
    required = ("KeySchema",)
    attributes = ("Arn", "StreamArn")
    named_by = "TableName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it, and wait until it is there."""
        name = str(wanted.get("TableName") or work.generated(_NAME))
        tables = work.client("dynamodb")
        settings: dict[str, Any] = dict(only(wanted, *_MADE_WITH.split()))
        tables.create_table(
            TableName=name,
            **({"BillingMode": "PROVISIONED"} | settings),
            **_stream(wanted),
            **_encryption(wanted),
        )
        try:
            self._tell_more(tables, name, {}, wanted)
        except BaseException:
            tables.delete_table(TableName=name)
            raise
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change what differs, index by index, as DynamoDB takes it."""
        tables = work.client("dynamodb")
        names = ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "TableClass")
        settings: dict[str, Any] = {
            name: wanted[name] for name in names if name in wanted and wanted[name] != have.get(name)
        }
        if "DeletionProtectionEnabled" in have and "DeletionProtectionEnabled" not in wanted:
            settings["DeletionProtectionEnabled"] = False
        if _stream(wanted) != _stream(have):
            settings |= _stream(wanted) or {"StreamSpecification": {"StreamEnabled": False}}
        if _encryption(wanted) != _encryption(have):
            settings |= _encryption(wanted) or {"SSESpecification": {"Enabled": False}}
        if settings:
            tables.update_table(TableName=physical, **settings)
        for change in _index_changes(have, wanted):
            tables.update_table(
                TableName=physical,
                AttributeDefinitions=wanted.get("AttributeDefinitions", []),
                GlobalSecondaryIndexUpdates=[change],
            )
        self._tell_more(tables, physical, have, wanted)
        arn = self._arn(work, physical)
        retag(
            have,
            wanted,
            lambda gone: tables.untag_resource(ResourceArn=arn, TagKeys=gone),
            lambda: tables.tag_resource(ResourceArn=arn, Tags=wanted["Tags"]),
        )

    @staticmethod
    def _tell_more(tables: Any, name: str, have: Properties, wanted: Properties) -> None:
        """Tell DynamoDB what CreateTable and UpdateTable do not take."""
        living = wanted.get("TimeToLiveSpecification")
        if living != have.get("TimeToLiveSpecification"):
            before: Any = have.get("TimeToLiveSpecification") or {}
            off = {"Enabled": False, "AttributeName": before.get("AttributeName", "")}
            tables.update_time_to_live(TableName=name, TimeToLiveSpecification=living or off)
        recovery = wanted.get("PointInTimeRecoverySpecification")
        if recovery != have.get("PointInTimeRecoverySpecification"):
            tables.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification=recovery or {"PointInTimeRecoveryEnabled": False},
            )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("dynamodb").delete_table(TableName=physical)

    @staticmethod
    def _arn(work: Work, name: str) -> str:
        return work.arn("dynamodb", f"table/{name}")

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN, and its stream's."""
        told = work.client("dynamodb").describe_table(TableName=physical)["Table"]
        stream = told.get("LatestStreamArn")
        return {"Arn": told["TableArn"], **({"StreamArn": stream} if stream else {})}


_ENCRYPTION = {"SSEEnabled": "Enabled", "SSEType": "SSEType", "KMSMasterKeyId": "KMSMasterKeyId"}


def _stream(properties: Properties) -> dict[str, Any]:
    told = properties.get("StreamSpecification")
    return {"StreamSpecification": {"StreamEnabled": True, **told}} if isinstance(told, Mapping) else {}


def _encryption(properties: Properties) -> dict[str, Any]:
    told = properties.get("SSESpecification")
    if not isinstance(told, Mapping):
        return {}
    values = {_ENCRYPTION[name]: value for name, value in told.items()}
    return {"SSESpecification": values}


def _index_changes(have: Properties, wanted: Properties) -> Iterator[dict[str, Any]]:
    before, after = _indexes(have), _indexes(wanted)
    for name, index in before.items():
        changed = after.get(name)
        if changed is None:
            yield {"Delete": {"IndexName": name}}
        elif changed != index:
            if {key for key in {*changed, *index} if changed.get(key) != index.get(key)} != {"ProvisionedThroughput"}:
                raise ResourceFailed(f"the embedded cloud changes only the throughput of the index {name}")
            yield {"Update": only(changed, "IndexName", "ProvisionedThroughput")}
    for name, index in after.items():
        if name not in before:
            yield {"Create": dict(index)}


def _indexes(properties: Properties) -> dict[str, Any]:
    listed = properties.get("GlobalSecondaryIndexes")
    return (
        {str(each["IndexName"]): each for each in listed if isinstance(each, Mapping)}
        if isinstance(listed, list)
        else {}
    )


KINDS: tuple[Kind, ...] = (Table(),)
