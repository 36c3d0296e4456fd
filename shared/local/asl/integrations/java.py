"""Names as AWS's Java SDK gives them. Step Functions uses them for services, members and errors.

``aws-sdk`` goes through version 2 of the SDK, the optimized integrations through version 1. Source: the code generator
of AWS SDK for Java 2.x, ``DefaultNamingStrategy`` and ``CodegenNamingUtils`` (read 2026-11-30), held against recorded
answers: ``ChecksumCRC32``, ``MD5OfBody``, ``DynamoDb.DynamoDbException``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.model import OperationModel, ServiceModel, Shape

# Codes of the query protocol that the models no longer carry.
_OLD_CODES = {"AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist", "NonExistentQueue": "QueueDoesNotExist"}
# The marks between words, in the order in which the generator sets them.
_BOUNDARIES = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V([0-9]+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)
# Where boto's name is not the Java package's with dashes in it. Several services have a name of before as well.
_BOTO_NAMES = {
    "applicationdiscovery": "discovery", "applicationdiscoveryservice": "discovery", "cloudwatchevents": "events",
    "cloudwatchlogs": "logs", "cognitoidentityprovider": "cognito-idp", "configservice": "config",
    "costandusagereport": "cur", "costandusagereportservice": "cur", "costexplorer": "ce", "databasemigration": "dms",
    "databasemigrationservice": "dms", "directory": "ds", "directoryservice": "ds", "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb", "elasticloadbalancingv2": "elbv2", "elasticsearch": "es",
    "elasticsearchservice": "es", "eventbridge": "events", "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data", "lexmodelbuilding": "lex-models", "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models", "lexruntime": "lex-runtime", "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime", "marketplaceentitlement": "marketplace-entitlement",
    "marketplaceentitlementservice": "marketplace-entitlement", "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh", "pinpointsmsvoice": "pinpoint-sms-voice",
    "serverlessapplicationrepository": "serverlessrepo", "sfn": "stepfunctions", "simpledb": "sdb",
}  # fmt: skip


def pascal(name: str) -> str:
    """Return *name* in the SDK's Pascal case: ``DynamoDB`` becomes ``DynamoDb``."""
    for boundary, mark in _BOUNDARIES:
        name = boundary.sub(mark, name)
    return "".join(word.capitalize() for word in name.split())


def service_name(service_id: str) -> str:
    """Return the SDK's name for botocore's *service_id*: ``Config Service`` becomes ``Config``."""
    return pascal(service_id).removeprefix("Amazon").removeprefix("Aws").removesuffix("Service")


def member_name(name: str) -> str:
    """Return the SDK's name of a member, with a capital: ``SSEKMSKeyId`` becomes ``SsekmsKeyId``, ``MD5`` ``Md5``.

    The getter begins in lower case, up to the last capital before a small letter. NULL is no word of Java's.
    """
    if name == "NULL":
        return "Nul"
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:1].upper() + name[1:end].lower() + name[end:]


def boto_name(service: str) -> str | None:
    """Return boto's name for the *service* of an ``aws-sdk`` resource, or None where there is no such service."""
    service = service.lower()
    return _BOTO_NAMES.get(service) or _of_boto().get(service)


@cache
def _of_boto() -> dict[str, str]:
    return {name.replace("-", ""): name for name in _models().list_available_services("service-2")}


@cache
def operation_of(service: str, action: str) -> str | None:
    """Return the operation of boto's *service* that is called as *action*, in camel case; None where there is none."""
    names = _model(service).operation_names
    found = next((name for name in names if action in {name[:1].lower() + name[1:], _uncapitalized(name)}), None)
    # A call that streams events both ways has no method in boto, nor is it an action of Step Functions.
    return None if found is None or _streams_both_ways(operation_model(service, found)) else found


@cache
def _model(service: str) -> ServiceModel:
    from botocore.model import ServiceModel

    return ServiceModel(_models().load_service_model(service, "service-2"), service_name=service)


@cache
def _models() -> Loader:
    """Return what reads botocore's models. A session would import its clients too, which takes twice as long."""
    from botocore.loaders import create_loader

    return create_loader()


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Return botocore's model of an *operation*; it is read when a definition that names it is compiled."""
    return _model(service).operation_model(operation)


def _streams_both_ways(model: OperationModel) -> bool:
    return model.has_event_stream_input and model.has_event_stream_output


def _uncapitalized(name: str) -> str:
    known = member_name(name)
    return known[:1].lower() + known[1:]


def error_shape(model: ServiceModel, code: str) -> Shape | None:
    """Return the shape of an error *code* that the service's *model* knows, or None."""
    code = _OLD_CODES.get(code, code)
    for shape in model.error_shapes:
        known = {shape.name, shape.metadata.get("error", {}).get("code")}
        if code in known or code.removesuffix("Exception") == shape.name.removesuffix("Exception"):
            return shape
    return None


def exception_name(model: ServiceModel, code: str) -> str | None:
    """Return the class of version 1 for an error *code* that the service's *model* knows, or None."""
    shape = error_shape(model, code)
    return f"{shape.name.removesuffix('Exception').removesuffix('Fault')}Exception" if shape else None


def exception_name_2(model: ServiceModel, code: str) -> str | None:
    """Return the class of version 2: ``KmsInvalidStateException`` where version 1 has ``KMSInvalidStateException``."""
    name = exception_name(model, code)
    return pascal(name) if name else None
