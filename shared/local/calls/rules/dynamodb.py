"""DynamoDB: tables in maps and lists, their indexes, and PartiQL's statements.

Source: SAR; Developer Guide, "IAM security policies with PartiQL for DynamoDB" and "Managing complex workflows with
DynamoDB transactions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.rules.partiql import read_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources


_TABLE = (
    "TableName",
    "SourceTableName",
    "TargetTableName",
    "SourceTableArn",
    "TableArn",
    "TableCreationParameters.TableName",
)


def table_arn(asked: Asked, table: str, index: str | None = None) -> str:
    """Return the ARN of a table given by its name or its ARN, or of an index of it."""
    arn = table if table.startswith("arn:") else asked.arn("dynamodb", f"table/{table}")
    return f"{arn}/index/{index}" if index else arn


def table(asked: Asked) -> list[str | None]:
    """Return the table; none for a query or a scan of an index."""
    named = [each for path in _TABLE for each in asked.texts(path)]
    named += [arn for arn in asked.texts("ResourceArn") if "/stream/" not in arn]
    return [table_arn(asked, each) for each in named] if not asked.text("IndexName") else []


def index(asked: Asked) -> list[str | None]:
    """Return the index, if the call names one."""
    if not asked.text("IndexName") or not asked.text("TableName"):
        return []
    return [table_arn(asked, str(asked.text("TableName")), asked.text("IndexName"))]


def _batched(asked: Asked) -> list[str | None]:
    """Return the tables of a batch, which are the keys of its map."""
    batch = asked.call.parameters.get("RequestItems")
    return [table_arn(asked, each) for each in (batch if isinstance(batch, dict) else ())] or [None]


def _in_transaction(kind: str) -> Callable[[Asked], list[str | None]]:
    return lambda asked: [table_arn(asked, each) for each in asked.texts(f"TransactItems[].{kind}.TableName")]


def _exported(asked: Asked) -> list[str | None]:
    """Return what an export writes: objects in its own folder under a prefix."""
    prefix = asked.text("S3Prefix")
    folder = f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"
    return list(asked.fill(f"arn:${{Partition}}:s3:::${{S3Bucket}}/{folder}/*"))


def _imported(asked: Asked) -> list[str | None]:
    """Return what an import reads: the objects under a prefix."""
    prefix = asked.text("S3BucketSource.S3KeyPrefix") or ""
    return list(asked.fill(f"arn:${{Partition}}:s3:::${{S3BucketSource.S3Bucket}}/{prefix}*"))


def statements(asked: Asked) -> list[str]:
    """Return the PartiQL statements of the call."""
    paths = ("Statement", "Statements[].Statement", "TransactStatements[].Statement")
    return [each for path in paths for each in asked.texts(path)]


def _partiql(verb: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds the tables and indexes of statements with *verb*; None for a statement that cannot be read."""

    def found(asked: Asked) -> list[str | None]:
        read = [read_statement(each) for each in statements(asked)]
        return [
            None if one is None else table_arn(asked, one.table, one.index)
            for one in read
            if one is None or one.verb == verb
        ]

    return found


_PARTIQL = tuple((f"dynamodb:PartiQL{verb}", _partiql(verb)) for verb in ("Select", "Insert", "Update", "Delete"))


EXCEPTIONS: Exceptions = {
    "BatchGetItem": (("dynamodb:BatchGetItem", _batched),),  # SAR
    "BatchWriteItem": (("dynamodb:BatchWriteItem", _batched),),  # SAR
    "TransactGetItems": (("dynamodb:GetItem", _in_transaction("Get")),),
    "TransactWriteItems": (
        ("dynamodb:PutItem", _in_transaction("Put")),
        ("dynamodb:UpdateItem", _in_transaction("Update")),
        ("dynamodb:DeleteItem", _in_transaction("Delete")),
        ("dynamodb:ConditionCheckItem", _in_transaction("ConditionCheck")),
    ),
    # With the caller's permission (Developer Guide, "DynamoDB data export to Amazon S3", "Import data from Amazon S3").
    "ExportTableToPointInTime": (
        ("dynamodb:ExportTableToPointInTime", table),
        ("s3:PutObject", _exported),
    ),
    "ImportTable": (
        ("dynamodb:ImportTable", table),
        ("s3:ListBucket", "arn:${Partition}:s3:::${S3BucketSource.S3Bucket}"),
        ("s3:GetObject", _imported),
    ),
    "ExecuteStatement": _PARTIQL,
    "BatchExecuteStatement": _PARTIQL,
    "ExecuteTransaction": _PARTIQL,
    "CreateTable": (
        ("dynamodb:CreateTable", table),
        ("dynamodb:TagResource", lambda asked: table(asked) if asked.all("Tags") else []),  # API, CreateTable
    ),
    "DescribeContributorInsights": (
        ("dynamodb:DescribeContributorInsights", lambda asked: table(asked) or index(asked)),
    ),
    "UpdateContributorInsights": (("dynamodb:UpdateContributorInsights", lambda asked: table(asked) or index(asked)),),
    "Query": (("dynamodb:Query", lambda asked: table(asked) or index(asked)),),
    "Scan": (("dynamodb:Scan", lambda asked: table(asked) or index(asked)),),
}


def _stream(asked: Asked) -> list[str | None]:
    given: list[str | None] = [*asked.texts("StreamArn")]
    given += [arn for arn in asked.texts("ResourceArn") if "/stream/" in arn]
    iterator = asked.text("ShardIterator") or ""  # moto's begins with the stream's ARN; others tell nothing
    return given or ([iterator.partition("|")[0] if iterator.startswith("arn:") else None] if iterator else [])


RESOURCES: Resources = {"table": table, "index": index, "stream": _stream}
