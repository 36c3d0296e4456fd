"""Names as AWS's Java SDK gives them. Step Functions uses them for services, members and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import ServiceModel

# Codes of the query protocol that the models no longer carry.
_OLD_CODES = {"AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist", "NonExistentQueue": "QueueDoesNotExist"}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")


def java_name(service_id: str) -> str:
    """Return the Java SDK's name for botocore's *service_id*: ``DynamoDB`` becomes ``DynamoDb``."""
    words = [word for part in re.split(r"[^A-Za-z0-9]+", service_id) for word in _WORDS.findall(part)]
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def exception_name(model: ServiceModel, code: str) -> str | None:
    """Return the Java class for an error *code* that the service's *model* knows, or None."""
    code = _OLD_CODES.get(code, code)
    for shape in model.error_shapes:
        known = {shape.name, shape.metadata.get("error", {}).get("code")}
        if code in known or code.removesuffix("Exception") == shape.name.removesuffix("Exception"):
            return shape.name if shape.name.endswith("Exception") else f"{shape.name}Exception"
    return None
