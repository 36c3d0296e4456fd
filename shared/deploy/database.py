"""A lane's part of the teams' database: a schema, and a role that sees this schema alone.

The platform's superuser makes both. The platform's secret, :data:`ADMIN_SECRET`, says where the database is, on AWS and
on the embedded cloud. Everything here may be run again: what is there stays, and what was left half-done is finished.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from importlib import import_module
from typing import TYPE_CHECKING

from shared.deploy.reading import if_there
from shared.deploy.resources import database
from shared.deploy.secret import Secret, put_secret
from shared.errors import LanesError
from shared.isolation.proof.database_rules import judge_script
from shared.isolation.roles.database_role import make_role, remove_role
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine

    from shared.aws.client import Aws
    from shared.deploy.watch import Watch
    from shared.isolation.roles.database_role import Script
    from shared.values import Json

ADMIN_SECRET = "lanes_platform/database"  # noqa: S105  a name; no slug holds an underscore, so it is no team's
_GONE = ("ResourceNotFoundException", "InvalidRequestException")  # the latter: it is marked for deletion


def provision(aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
    """Make the role, the schema and the tables, and the secret that the team's functions log in with.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    admin = _admin(aws)
    tags = {name: as_text(value) for name, value in as_mapping(params["tags"]).items()}
    secret = _secret(aws, as_text(params["schema"]), Secret(as_text(params["secret"]), "in the making", tags), admin)
    _ask(admin, lambda connection: _make(connection, tags["team"], secret))
    from shared.handlers.database import connect  # SQLAlchemy takes 0.2 s that few deploys need

    team = connect(secret)
    with _refusals(team):
        for module in as_list(params["migrations"]):
            import_module(as_text(module)).migrate(team)
    aws.client("secretsmanager").update_secret(SecretId=params["secret"], Description=params["description"])


def drop(aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
    """Remove the schema with all that is in it, and the role.

    Raises:
        LanesError: There is no database for the teams, or it refuses.
    """
    value = _value(aws, as_text(params["secret"]))
    if value is not None:
        team, name = as_text(params["team"]), as_text(value["username"])
        try:
            _ask(_admin(aws), lambda connection: _run(connection, remove_role(team, name, connection.dialect.name)))
        except LanesError as error:  # the secret names what is to be removed, so the reader is told how to delete it
            forget = f"aws secretsmanager delete-secret --secret-id {params['secret']}"
            fix = f"{error.fix}; if that database is gone for good: {forget}"
            raise LanesError(error.what, where=error.where, fix=fix) from error


def _admin(aws: Aws) -> Mapping[str, Json]:
    admin = _value(aws, ADMIN_SECRET)
    if admin is None:
        raise LanesError(
            f"there is no database for the teams: no secret {ADMIN_SECRET}",
            fix="make an RDS instance (PostgreSQL or MySQL) and that secret, with engine, host, port, username, "
            "password and dbname; or take database: true out of the team's file",
        )
    return admin


def _value(aws: Aws, name: str) -> Mapping[str, Json] | None:
    found = if_there(lambda: aws.client("secretsmanager").get_secret_value(SecretId=name), *_GONE)
    value: Mapping[str, Json] | None = json.loads(found["SecretString"]) if found else None
    return value


def _secret(aws: Aws, schema: str, secret: Secret, admin: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the value of the team's *secret*. Its password is made once, its address is the database's of today."""
    have = _value(aws, secret.name)
    want: dict[str, Json] = {
        "engine": admin["engine"],
        "host": admin["host"],
        "port": admin["port"],
        "username": schema,
        "password": have["password"] if have else secrets.token_urlsafe(24),
        "dbname": schema if admin["engine"] == "mysql" else admin["dbname"],
    }
    text = json.dumps(want)
    if have is None:
        put_secret(aws, database.KIND, secret, text)
    elif have != want:
        aws.client("secretsmanager").put_secret_value(SecretId=secret.name, SecretString=text)
    return want


def _ask(admin: Mapping[str, Json], what: Callable[[Connection], None]) -> None:
    from shared.handlers.database import connect  # SQLAlchemy takes 0.2 s that few deploys need

    on = connect(admin)
    with _refusals(on), on.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        what(connection)


@contextlib.contextmanager
def _refusals(on: Engine) -> Iterator[None]:
    """Raise what the database at *on* refuses, or that it cannot be reached, as an error of ours."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise LanesError(
            f"the teams' database at {on.url.host}:{on.url.port} refuses: {str(getattr(error, 'orig', error)).strip()}",
            fix=f"see that it runs, that this machine reaches it, and that secret {ADMIN_SECRET} is right",
        ) from error


def _make(connection: Connection, team: str, secret: Mapping[str, Json]) -> None:
    name, dialect = as_text(secret["username"]), connection.dialect.name
    known = dialect == "postgresql" and bool(
        connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).first()
    )
    _run(connection, make_role(team, name, dialect, as_text(secret["password"]), exists=known))


def _run(connection: Connection, script: Script) -> None:
    """Run *script* as the superuser, unless it reaches beyond the team: its names may come from an edited secret.

    Raises:
        LanesError: It reaches beyond the team; nothing was run.
    """
    findings = [str(finding) for finding in judge_script(script)]
    if findings:
        raise LanesError(
            "nothing was run in the teams' database, because it reaches beyond the team:\n" + "\n".join(findings),
            where=f"database of {script.team}",
            fix="put right what was edited in the team's secret",
        )
    connection.execution_options(no_parameters=True)  # a % stands for itself
    for statement in script.statements:
        connection.exec_driver_sql(statement)
