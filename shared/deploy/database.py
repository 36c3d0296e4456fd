"""A lane's part of the teams' database: a schema and a role that sees only it, made by the platform's superuser.

The platform's secret, :data:`ADMIN_SECRET`, says where the database is, on AWS and on the embedded cloud alike.
Everything here may be run again: what is there already stays, and what was left half-done is finished.
"""

from __future__ import annotations

import json
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine

    from shared.deploy.aws import Aws

    Sleep = Callable[[float], None]

ADMIN_SECRET = "lanes_platform/database"  # noqa: S105  a name; no slug holds an underscore, so it is no team's
CONNECTIONS = 40  # of one role at a time; a thousand writers take turns (shared/handlers/database.py)
_GONE = "ResourceNotFoundException"


def provision(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Make the role, the schema and the tables, and the secret that says how the team's functions get in.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    admin = _admin(aws)
    secret = _secret(aws, params, admin)
    _ask(admin, lambda connection: _make(connection, secret))
    from shared.handlers.database import connect  # noqa: PLC0415  SQLAlchemy takes 0.2 s that few deploys need

    for module in params["migrations"]:
        import_module(module).migrate(connect(secret))
    aws.client("secretsmanager").update_secret(SecretId=params["secret"], Description=params["description"])


def drop(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Remove the schema with all in it, and the role.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    value = _value(aws, params["secret"])
    if value is not None:
        _ask(_admin(aws), lambda connection: _unmake(connection, value["username"]))


def _admin(aws: Aws) -> dict[str, Any]:
    admin = _value(aws, ADMIN_SECRET)
    if admin is None:
        raise LanesError(
            f"there is no database for the teams: no secret {ADMIN_SECRET}",
            fix="make an RDS instance (PostgreSQL or MySQL) and that secret, with engine, host, port, username, "
            "password and dbname; or take database: true out of the team's file",
        )
    return admin


def _value(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        text = aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] == _GONE:
            return None
        raise
    value: dict[str, Any] = json.loads(text)
    return value


def _secret(aws: Aws, params: Mapping[str, Any], admin: Mapping[str, Any]) -> dict[str, Any]:
    """Return the team's secret: its password is made once, its address is the database's of today."""
    schema, have = params["schema"], _value(aws, params["secret"])
    want = {
        "engine": admin["engine"],
        "host": admin["host"],
        "port": admin["port"],
        "username": schema,
        "password": have["password"] if have else secrets.token_urlsafe(24),
        "dbname": schema if admin["engine"] == "mysql" else admin["dbname"],
    }
    manager = aws.client("secretsmanager")
    if have is None:
        tags = [{"Key": key, "Value": value} for key, value in params["tags"].items()]
        manager.create_secret(
            Name=params["secret"], SecretString=json.dumps(want), Description="in the making", Tags=tags
        )
    elif have != want:
        manager.put_secret_value(SecretId=params["secret"], SecretString=json.dumps(want))
    return want


def _ask(admin: Mapping[str, Any], what: Callable[[Connection], None]) -> None:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  SQLAlchemy takes 0.2 s that few deploys need

    from shared.handlers.database import connect  # noqa: PLC0415  as above

    on: Engine = connect(admin)
    try:
        with on.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            what(connection)
    except SQLAlchemyError as error:
        raise LanesError(
            f"the teams' database refuses: {str(getattr(error, 'orig', error)).strip()}",
            where=f"{on.url.host}:{on.url.port}",
            fix=f"see that it runs, that this machine reaches it, and that secret {ADMIN_SECRET} is right",
        ) from error


def _make(connection: Connection, secret: Mapping[str, Any]) -> None:
    name, password = secret["username"], secret["password"]  # of letters, digits, - and _: they need no escape
    if connection.dialect.name == "mysql":
        statements = [
            f"CREATE DATABASE IF NOT EXISTS `{name}`",
            f"CREATE USER IF NOT EXISTS '{name}'@'%%' IDENTIFIED BY '{password}'",
            f"ALTER USER '{name}'@'%%' IDENTIFIED BY '{password}' WITH MAX_USER_CONNECTIONS {CONNECTIONS}",
            f"GRANT ALL ON `{name}`.* TO '{name}'@'%%'",
        ]
    else:
        known = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).first()
        statements = [
            *([] if known else [f'CREATE ROLE "{name}"']),
            f"ALTER ROLE \"{name}\" LOGIN PASSWORD '{password}' CONNECTION LIMIT {CONNECTIONS}",
            f'ALTER ROLE "{name}" SET search_path = "{name}"',
            f'GRANT "{name}" TO CURRENT_USER',  # RDS's superuser is none: it may give away only what it is
            f'CREATE SCHEMA IF NOT EXISTS "{name}" AUTHORIZATION "{name}"',
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _unmake(connection: Connection, name: str) -> None:
    if connection.dialect.name == "mysql":
        statements = [f"DROP DATABASE IF EXISTS `{name}`", f"DROP USER IF EXISTS '{name}'@'%%'"]
    else:
        statements = [
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'",  # noqa: S608  naming.yaml's
            f'DROP SCHEMA IF EXISTS "{name}" CASCADE',
            f'DROP ROLE IF EXISTS "{name}"',
        ]
    for statement in statements:
        connection.exec_driver_sql(statement)
