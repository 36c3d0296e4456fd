"""The SQL that makes a team's database role: only statements of reviewed shapes, on the team's own schema.

A schema and its role begin with the slug and an underscore. No slug holds an underscore, so a name tells its one team
(:mod:`shared.isolation.proof.names.slugs`). A statement is read as the text that will be run. Each name in it is
judged. What is left must be on :data:`REVIEWED_SQL`, letter by letter; what is not understood is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.isolation.proof.finding import Finding
from shared.isolation.proof.names.territory import SCHEMA_SEPARATOR
from shared.isolation.roles.database_role import CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.isolation.roles.database_role import Script

_CLOSED = "REVOKE ALL ON SCHEMA public FROM PUBLIC"

# Statements without their names, passwords and numbers, and why each opens no way to another team.
REVIEWED_SQL = {
    "postgresql": {
        "CREATE ROLE <own>": "a new role may do nothing",
        "ALTER ROLE <own> LOGIN PASSWORD <password> CONNECTION LIMIT <number>": "leaves connections to others",
        "ALTER ROLE <own> SET search_path = <own>": "says where bare names are looked up, grants nothing",
        "GRANT <own> TO CURRENT_USER": "the platform's superuser is trusted",
        "CREATE SCHEMA IF NOT EXISTS <own> AUTHORIZATION <own>": "only its owner and the superuser come in",
        _CLOSED: "takes away what every role may do in the schema that all share",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = <own>": "ends the role's own sessions",
        "DROP SCHEMA IF EXISTS <own> CASCADE": "grants nothing",
        "DROP ROLE IF EXISTS <own>": "grants nothing",
    },
    "mysql": {
        "CREATE DATABASE IF NOT EXISTS <own>": "grants nothing",
        "CREATE USER IF NOT EXISTS <own>@<anywhere> IDENTIFIED BY <password> WITH MAX_USER_CONNECTIONS <number>": (
            "a new user may do nothing"
        ),
        "ALTER USER <own>@<anywhere> IDENTIFIED BY <password> WITH MAX_USER_CONNECTIONS <number>": (
            "leaves connections to others"
        ),
        "GRANT ALL ON <own pattern>.* TO <own>@<anywhere>": "ALL on a database holds no right of the whole server",
        "DROP DATABASE IF EXISTS <own>": "grants nothing",
        "DROP USER IF EXISTS <own>@<anywhere>": "grants nothing",
    },
}
_PARTS = {
    "postgresql": re.compile(
        r"""(?<=PASSWORD\ )'(?P<password>[^']*)' | "(?P<name>[^"]*)" | '(?P<text>[^']*)' | \b(?P<number>\d+)\b""",
        re.VERBOSE,
    ),
    "mysql": re.compile(
        r"""(?<=IDENTIFIED\ BY\ )'(?P<password>[^']*)' | (?<=@)'(?P<anywhere>%)' | (?<=ON\ )`(?P<pattern>[^`]*)`
        | `(?P<name>[^`]*)` | '(?P<text>[^']*)' | \b(?P<number>\d+)\b""",
        re.VERBOSE,
    ),
}
_SHOWN_AS = {"name": "<own>", "text": "<own>", "pattern": "<own pattern>"}
_PASSWORD = re.compile(r"[A-Za-z0-9_-]+")
_SECRET = re.compile(r"(PASSWORD|IDENTIFIED BY) .*", re.DOTALL)
_POWERS = re.compile(
    r"\b(SUPERUSER|CREATEROLE|CREATEDB|REPLICATION|BYPASSRLS|SUPER|(GRANT|ADMIN) OPTION)\b", re.IGNORECASE
)
_EVERYBODY = re.compile(r"\bTO PUBLIC\b", re.IGNORECASE)
_EVERYTHING = re.compile(r"\*\s*\.\s*\*|\bON ALL\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement taken apart: ``parts`` are the names and values in it, ``shape`` is the text without them."""

    script: Script
    label: str
    text: str
    shape: str
    parts: tuple[tuple[str, str], ...]

    def finding(self, rule: str, why: str, fix: str, resource: str = "") -> Finding:
        title = f"database role {self.script.schema} ({self.script.dialect})"
        shown = _SECRET.sub(r"\1 ...", self.text)
        return Finding(
            rule=rule,
            document=title,
            team=self.script.team,
            statement=self.label,
            action=shown,
            resource=resource,
            why=why,
            fix=fix,
        )


def judge_script(script: Script) -> Iterator[Finding]:
    """Yield everything that is wrong with one script. No finding shows a password."""
    statements = [_read(script, f"#{index}", text) for index, text in enumerate(script.statements)]
    for statement in statements:
        yield from _judge_parts(statement)
        yield from _judge_shape(statement)
    opened = next((one for one in statements if one.shape.startswith("CREATE SCHEMA")), None)
    if opened and _CLOSED not in script.statements:
        yield opened.finding("public", "what all roles may do in the schema public stays theirs", f"add {_CLOSED}")


def _read(script: Script, label: str, text: str) -> _Statement:
    parts: list[tuple[str, str]] = []

    def take(found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        parts.append((kind, found[kind]))
        return _SHOWN_AS.get(kind, f"<{kind}>")

    shape = _PARTS[script.dialect].sub(take, text)
    return _Statement(script, label, text, shape, tuple(parts))


def _judge_parts(statement: _Statement) -> Iterator[Finding]:
    own = f"{statement.script.team}{SCHEMA_SEPARATOR}"
    for kind, value in statement.parts:
        name = value.replace(r"\_", "_") if kind == "pattern" else value
        if kind == "pattern" and re.search(r"%|(?<!\\)_", value):
            why = "a GRANT takes _ for any character and % for any number of them: it reaches other teams' databases"
            yield statement.finding("wildcard", why, r"write \_ for each _, and no %", value)
        elif kind in _SHOWN_AS and not re.fullmatch(rf"{re.escape(own)}[a-z0-9_]+", name):
            yield statement.finding("foreign-name", f"it is not {own}...", "name the team's own schema and role", value)
        elif kind == "number" and not 0 < int(value) <= CONNECTIONS:
            why = "the role could take every connection that there is"
            yield statement.finding("connections", why, f"allow 1 to {CONNECTIONS}", value)
        elif kind == "password" and not _PASSWORD.fullmatch(value):
            why = "the password could end the text that it stands in, and go on as SQL"
            yield statement.finding("password", why, "use letters, digits, - and _")


def _judge_shape(statement: _Statement) -> Iterator[Finding]:
    shape = statement.shape
    if shape in REVIEWED_SQL[statement.script.dialect]:
        return
    power = _POWERS.search(shape)
    if power:
        why = "its holder can make roles, pass rights on or read past them"
        yield statement.finding("power", why, "leave it to the platform's superuser", power[0])
    elif _EVERYBODY.search(shape):
        yield statement.finding("public", "every role of every team gets it", "grant to the team's own role")
    elif _EVERYTHING.search(shape):
        yield statement.finding("every-resource", "it reaches every team's schema", "name the team's own schema")
    elif "<password>" in shape and "<number>" not in shape:
        why = "without a limit the role could take every connection that there is"
        yield statement.finding("connections", why, "say CONNECTION LIMIT, or MAX_USER_CONNECTIONS")
    else:
        why = "it is none of the reviewed statements, so what it opens is not known"
        yield statement.finding(
            "unreviewed", why, "leave it out, or review it in shared/isolation/proof/database_rules.py"
        )
