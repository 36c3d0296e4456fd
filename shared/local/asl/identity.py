"""What an execution is called, and what it is a run of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.type_defs import LoggingConfigurationTypeDef

    from shared.values import Json


class StartedMachine(NamedTuple):
    """What the API knows of a machine or a version of one, as it was when an execution of it started.

    Attributes:
        arn: The ARN of the machine, or of the version.
        name: The machine's name.
        kind: STANDARD or EXPRESS.
        definition: Its definition, JSON.
        role_arn: The ARN of its role.
        updated: When it was last changed.
        logging: Its logging configuration.
        tracing: Its tracing configuration.
        encryption: Its encryption configuration.
        revision: The id of this state of it, None as long as it was never changed.
    """

    arn: str
    name: str
    kind: str
    definition: str
    role_arn: str
    updated: dt.datetime
    logging: LoggingConfigurationTypeDef
    tracing: Mapping[str, Json]
    encryption: Mapping[str, Json]
    revision: str | None = None


class Identity(NamedTuple):
    """What an execution is called and belongs to.

    Attributes:
        arn: Its own ARN.
        name: Its name.
        machine_arn: The ARN of its machine, without version or alias.
        machine_name: The machine's name.
        role_arn: The ARN of the role that it calls with.
        express: Whether it is an express one: five minutes at most, and no limit to its events.
        machine: What the API knew of the machine; None for children of Map runs and single states under test.
        alias: The ARN of the alias that it was started by, None when it was started by another ARN.
        trace: The X-Ray trace header that it was started with, None for none.
    """

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    role_arn: str
    express: bool = False
    machine: StartedMachine | None = None
    alias: str | None = None
    trace: str | None = None
