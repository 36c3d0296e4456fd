"""Settings of a function that no team's file says, and that Lambda holds to the function's role.

A function of a lane has none of them. One that somebody made by hand may, and then Lambda refuses to give it the lane's
role, or the function cannot start any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.deploy.model import Resource


def check_left(aws: Aws, want: Resource, _have: Resource) -> None:
    """Refuse a function with settings that the lane's role has no rights for.

    Source: Lambda API reference, FunctionConfiguration; Lambda Developer Guide, "Capturing records of Lambda
    asynchronous invocations" (dead-letter queues), "Visualize Lambda function invocations using AWS X-Ray", "Securing
    Lambda environment variables" and "Configuring file system access" (what each asks of the execution role; from
    memory).

    Raises:
        LanesError: It has some; names them all.
    """
    told = aws.lambda_.get_function_configuration(FunctionName=want.name)
    left = dict(_left(told))
    if left:
        off = " ".join(left.values())
        raise LanesError(
            f"function {want.name} has {', '.join(left)}, for which the lane's role has no rights",
            fix=f"aws lambda update-function-configuration --function-name {want.name} {off}",
        )


def _left(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each setting in words, with the option that takes it off."""
    if told.get("DeadLetterConfig", {}).get("TargetArn"):
        yield "a dead-letter queue", "--dead-letter-config TargetArn="
    if told.get("TracingConfig", {}).get("Mode") == "Active":
        yield "tracing by X-Ray", "--tracing-config Mode=PassThrough"
    if told.get("KMSKeyArn"):
        yield "a KMS key of its own", "--kms-key-arn ''"
    if told.get("FileSystemConfigs"):
        yield "a file system", "--file-system-configs '[]'"
