"""The SQL that makes and removes a team's role and schema in the teams' database; the platform's superuser runs it.

Pure data: deploys run these statements letter by letter (:mod:`shared.deploy.database`), and the proof reads the same
(:mod:`shared.isolation.proof.database_rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.lane import Lane

DIALECTS = ("postgresql", "mysql")
CONNECTIONS = 40  # of one role at a time; a thousand writers take turns (shared/handlers/database.py)
_ANY = "any"  # the proof needs no real password


@dataclass(frozen=True, slots=True)
class Script:
    """The statements that make or remove one team's role. ``schema`` is the role's name as well."""

    team: str
    schema: str
    dialect: str
    statements: tuple[str, ...]


def lane_scripts(lane: Lane) -> list[Script]:
    """Return every script that a deploy or a destroy of *lane* may run, whichever database it finds."""
    if lane.database is None:
        return []
    schema = lane.database.schema
    return [
        script
        for dialect in DIALECTS
        for script in (make_role(lane.team, schema, dialect, _ANY), remove_role(lane.team, schema, dialect))
    ]


def make_role(team: str, schema: str, dialect: str, password: str, *, exists: bool = False) -> Script:
    """Return what makes the role and its schema. If they are there already, it sets the password and no more.

    Args:
        team: Whose they are.
        schema: What both are called.
        dialect: One of :data:`DIALECTS`.
        password: Of letters, digits, - and _.
        exists: Whether the role is there already; PostgreSQL has no CREATE ROLE IF NOT EXISTS.
    """
    if dialect == "mysql":
        user = f"'{schema}'@'%'"
        entry = f"{user} IDENTIFIED BY '{password}' WITH MAX_USER_CONNECTIONS {CONNECTIONS}"
        pattern = schema.replace("_", r"\_")  # in a GRANT a bare _ is any character: others' names too
        statements = [
            f"CREATE DATABASE IF NOT EXISTS `{schema}`",
            f"CREATE USER IF NOT EXISTS {entry}",
            f"ALTER USER {entry}",
            f"GRANT ALL ON `{pattern}`.* TO {user}",
        ]
    else:
        statements = [
            *([] if exists else [f'CREATE ROLE "{schema}"']),
            f"ALTER ROLE \"{schema}\" LOGIN PASSWORD '{password}' CONNECTION LIMIT {CONNECTIONS}",
            f'ALTER ROLE "{schema}" SET search_path = "{schema}"',
            f'GRANT "{schema}" TO CURRENT_USER',  # RDS's superuser may only give away what it is a member of
            f'CREATE SCHEMA IF NOT EXISTS "{schema}" AUTHORIZATION "{schema}"',
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        ]
    return Script(team, schema, dialect, tuple(statements))


def remove_role(team: str, schema: str, dialect: str) -> Script:
    """Return what removes the schema with everything in it, and the role."""
    if dialect == "mysql":
        statements = [f"DROP DATABASE IF EXISTS `{schema}`", f"DROP USER IF EXISTS '{schema}'@'%'"]
    else:
        statements = [
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{schema}'",  # noqa: S608  judged before it is run
            f'DROP SCHEMA IF EXISTS "{schema}" CASCADE',
            f'DROP ROLE IF EXISTS "{schema}"',
        ]
    return Script(team, schema, dialect, tuple(statements))
