"""Integrations that only AWS has: a definition may name one, but an execution that comes to it fails and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.integrations.base import Integration

if TYPE_CHECKING:
    from shared.local.asl.strand import Strand
    from shared.values import Json

ELSEWHERE = frozenset(
    {
        "apigateway", "athena", "bedrock", "codebuild", "databrew", "eks", "elasticmapreduce", "emr-containers",
        "emr-serverless", "http", "mediaconvert", "sagemaker",
    }
)  # fmt: skip


class Elsewhere(Integration):
    """A job on a service that nothing here runs."""

    def check(self, _strand: Strand, _arguments: Json) -> Never:
        """Fail before anything is scheduled."""
        action = f"{self.kind}:{self.action}" + (f".{self.pattern}" if self.pattern else "")
        raise RuntimeFailure(
            f"The embedded cloud does not run {action}: run this workflow on AWS, or call the API by aws-sdk."
        )
