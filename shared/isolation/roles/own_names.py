"""A team's own names as patterns, and what people and code do with them: the words all policies are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.config.lane import Place

CODE = "runs/code/"
"""Where in a lane's bucket code lies on its way to Lambda: under what S3 removes by itself (``runs/``)."""
OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
ITEMS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
LOGS = ("log-group:/aws/lambda/", "log-group:/aws/vendedlogs/states/")


class OwnNames:
    """Spells a team's own-name patterns."""

    def __init__(self, team: str, place: Place) -> None:
        self._team = team
        self._place = place

    def arn(self, service: str, head: str) -> str:
        """Return the pattern of the team's names of one kind; *head* is what stands before a name in its ARN."""
        return self._place.arn(service, f"{head}{self._team}-*")

    def arns(self, service: str, heads: Iterable[str]) -> tuple[str, ...]:
        """Return the pattern of each of several kinds."""
        return tuple(self.arn(service, head) for head in heads)

    def folder(self, service: str, head: str) -> str:
        """Return the pattern of a kind whose names are paths."""
        return self._place.arn(service, f"{head}{self._team}/*")
