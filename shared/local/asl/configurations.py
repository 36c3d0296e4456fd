"""What a machine's or an activity's configurations must be: its logs, its traces, its encryption."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from shared.local.asl.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.base_backend import BaseBackend
    from mypy_boto3_stepfunctions.type_defs import LoggingConfigurationTypeDef

    from shared.values import Json

OWNED_KEY: Mapping[str, Json] = {"type": "AWS_OWNED_KEY"}
_CUSTOMER, _REUSE, _USUAL_REUSE = "CUSTOMER_MANAGED_KMS_KEY", "kmsDataKeyReusePeriodSeconds", 300
_GROUP = re.compile(r"arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([^:*]+):\*")


def read_logging(backend: BaseBackend, given: Mapping[str, Any] | None) -> LoggingConfigurationTypeDef:
    """Return the logging configuration that *given* stands for, with what AWS adds.

    Raises:
        Refused: InvalidLoggingConfiguration: a level needs exactly one log group, which must be there.
    """
    given = given or {}
    level, destinations = given.get("level", "OFF"), given.get("destinations")
    if len(destinations or ()) > 1 or (level != "OFF" and not destinations):
        raise _no_logging("Must specify exactly one Log Destination.")
    for each in destinations or ():
        _check_group(backend, each.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", ""))
    read: LoggingConfigurationTypeDef = {
        "level": level,
        "includeExecutionData": bool(given.get("includeExecutionData")),
    }
    return read if destinations is None else {**read, "destinations": destinations}


def _check_group(backend: BaseBackend, arn: str) -> None:
    found = _GROUP.fullmatch(arn)
    if found is None:
        raise _no_logging("Log Destination ARN must be that of a log group and end with ':*'.")
    *place, name = found.groups()
    account, region = backend.account_id, backend.region_name
    if place != [region, account] or name not in logs_backends[account][region].groups:
        raise _no_logging("Log Destination not found.")


def _no_logging(why: str) -> Refused:
    return Refused("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


def read_tracing(given: Mapping[str, Json] | None) -> Mapping[str, Json]:
    """Return the tracing configuration that *given* stands for.

    Raises:
        Refused: InvalidTracingConfiguration: it does not say whether to trace.
    """
    if given is None:
        return {"enabled": False}
    if "enabled" not in given:
        raise Refused("InvalidTracingConfiguration", "Invalid Tracing Configuration: 'enabled' must be specified.")
    return given


def read_encryption(backend: BaseBackend, given: Mapping[str, Any] | None) -> Mapping[str, Json]:
    """Return the encryption configuration that *given* stands for, with what AWS adds.

    Raises:
        Refused: InvalidEncryptionConfiguration: its members do not go together; KmsAccessDeniedException: there is no
            such key.
    """
    given = given or OWNED_KEY
    own = given["type"] == _CUSTOMER
    if own != ("kmsKeyId" in given) or (not own and _REUSE in given):
        members = "kmsKeyId" if own else "neither kmsKeyId nor kmsDataKeyReusePeriodSeconds"
        why = f"Invalid Encryption Configuration: the type {given['type']} takes {members}."
        raise Refused("InvalidEncryptionConfiguration", why)
    if not own:
        return given
    _key(backend, str(given["kmsKeyId"]))
    return {_REUSE: _USUAL_REUSE, **given}


def check_readable(backend: BaseBackend, encryption: Mapping[str, Json]) -> None:
    """Check that the key of *encryption*, if it has one, opens what it has closed.

    Raises:
        Refused: KmsInvalidStateException: the key is disabled or is going to be deleted; KmsAccessDeniedException: it
            is gone.
    """
    if "kmsKeyId" not in encryption:
        return
    key = _key(backend, str(encryption["kmsKeyId"]))
    if key.key_state != "Enabled":
        raise Refused("KmsInvalidStateException", f"{key.arn} is {key.key_state}.")


def _key(backend: BaseBackend, name: str) -> Any:
    keys = kms_backends[backend.account_id][backend.region_name]
    try:
        return keys.describe_key(keys.any_id_to_key_id(name))
    except (KeyError, AttributeError) as error:  # moto's for no such key, and for no such alias
        why = f"The key '{name}' does not exist or is not accessible."
        raise Refused("KmsAccessDeniedException", why) from error
