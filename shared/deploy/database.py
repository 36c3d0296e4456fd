"""A lane's part of the teams' database: a schema and a role that sees only it, made by the platform's superuser.

The platform's secret, :data:`ADMIN_SECRET`, says where the database is, on AWS and on the embedded cloud alike.
Everything here may be run again: what is there already stays, and what was left half-done is finished.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.secret import put_secret
from shared.errors import LanesError, code_of
from shared.isolation.proof.database_rules import judge_script
from shared.isolation.roles.database_role import make_role, remove_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine

    from shared.aws.client import Aws
    from shared.isolation.roles.database_role import Script

    Sleep = Callable[[float], None]

ADMIN_SECRET = "lanes_platform/database"  # noqa: S105  a name; no slug holds an underscore, so it is no team's
_GONE = {"ResourceNotFoundException", "InvalidRequestException"}  # the latter: it is marked for deletion


def provision(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Make the role, the schema and the tables, and the secret that says how the team's functions get in.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    admin = _admin(aws)
    secret = _secret(aws, params, admin)
    _ask(admin, lambda connection: _make(connection, params["tags"]["team"], secret))
    from shared.handlers.database import connect  # SQLAlchemy takes 0.2 s that few deploys need

    team = connect(secret)
    with _refusals(team):
        for module in params["migrations"]:
            import_module(module).migrate(team)
    aws.client("secretsmanager").update_secret(SecretId=params["secret"], Description=params["description"])


def drop(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Remove the schema with all in it, and the role.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    value = _value(aws, params["secret"])
    if value is not None:
        team, name = params["team"], value["username"]
        try:
            _ask(_admin(aws), lambda connection: _run(connection, remove_role(team, name, connection.dialect.name)))
        except LanesError as error:  # the secret names what is to be removed, so it is not let go of without a word
            forget = f"aws secretsmanager delete-secret --secret-id {params['secret']}"
            fix = f"{error.fix}; if that database is gone for good: {forget}"
            raise LanesError(error.what, where=error.where, fix=fix) from error


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
        if code_of(error) in _GONE:
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
    name, text = params["secret"], json.dumps(want)
    if have is None:
        put_secret(aws, "database", name, text, description="in the making", tags=params["tags"])
    elif have != want:
        aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=text)
    return want


def _ask(admin: Mapping[str, Any], what: Callable[[Connection], None]) -> None:
    from shared.handlers.database import connect  # SQLAlchemy takes 0.2 s that few deploys need

    on = connect(admin)
    with _refusals(on), on.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        what(connection)


@contextlib.contextmanager
def _refusals(on: Engine) -> Iterator[None]:
    """Tell what the database at *on* refuses, or that it is lost, as an error of ours."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise LanesError(
            f"the teams' database at {on.url.host}:{on.url.port} refuses: {str(getattr(error, 'orig', error)).strip()}",
            fix=f"see that it runs, that this machine reaches it, and that secret {ADMIN_SECRET} is right",
        ) from error


def _make(connection: Connection, team: str, secret: Mapping[str, Any]) -> None:
    name, dialect = secret["username"], connection.dialect.name
    known = dialect == "postgresql" and bool(
        connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).first()
    )
    _run(connection, make_role(team, name, dialect, secret["password"], exists=known))


def _run(connection: Connection, script: Script) -> None:
    """Run *script* as the superuser, unless it leaves the team's own: its names may come from an edited secret."""
    findings = [str(finding) for finding in judge_script(script)]
    if findings:
        raise LanesError(
            "nothing was run in the teams' database, for it leaves the team's own:\n" + "\n".join(findings),
            where=f"database of {script.team}",
            fix="put right what was edited in the team's secret",
        )
    connection.execution_options(no_parameters=True)  # so that a % is a %
    for statement in script.statements:
        connection.exec_driver_sql(statement)
