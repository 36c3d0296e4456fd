"""Reads what a PartiQL statement does, and to which table; nothing more of the language.

Source: DynamoDB Developer Guide, "PartiQL statements for DynamoDB": one table for a statement, no joins, no subqueries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--|/\*|[A-Za-z0-9_][\w-]*|\S")
_VERBS = {"SELECT": "FROM", "INSERT": "INTO", "DELETE": "FROM", "UPDATE": ""}  # the word before the table, if any


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement.

    Attributes:
        verb: Select, Insert, Update or Delete.
        table: Its table.
        index: The index that it reads, if any.
    """

    verb: str
    table: str
    index: str | None


def read_statement(text: str) -> Statement | None:
    """Return what *text* does; None if that is not certain (a comment, two FROMs, another verb)."""
    tokens = _TOKEN.findall(text)
    words = [each.upper() for each in tokens]
    if words[:2] == ["EXISTS", "("]:
        tokens, words = tokens[2:], words[2:]
    if not words or words[0] not in _VERBS or {"--", "/*", ";", "'"} & set(words) or words.count("FROM") > 1:
        return None
    before = _VERBS[words[0]]
    at = (words.index(before) if before in words else len(words)) + 1 if before else 1
    if words[0] in {"INSERT", "DELETE"} and words[1:2] != [before]:
        return None
    table = _name(tokens, at)
    index = _name(tokens, at + 2) if tokens[at + 1 : at + 2] == ["."] else None
    if table is None or (tokens[at + 1 : at + 2] == ["."] and index is None):
        return None
    return Statement(words[0].capitalize(), table, index)


def _name(tokens: list[str], at: int) -> str | None:
    token = tokens[at] if at < len(tokens) else ""
    if token.startswith('"') and len(token) > 1:
        return token[1:-1].replace('""', '"')
    return token if re.match(r"\w", token) else None
