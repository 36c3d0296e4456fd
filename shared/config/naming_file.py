"""Reads naming.yaml and checks it: a template that could mix up two teams, or that AWS refuses, is a problem."""

from __future__ import annotations

import itertools
import re
import string
from typing import TYPE_CHECKING, get_args

from shared.config.document import read_document
from shared.config.model import parse
from shared.config.naming import FUNCTION_LOGS, HASH_PLACEHOLDERS, PLACEHOLDERS, KindName, Naming
from shared.config.problems import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.document import Document
    from shared.config.naming import KindRule
    from shared.config.problems import Problems

FILE = "naming.yaml"


def read_naming(root: Path, problems: Problems) -> Naming | None:
    """Read and check naming.yaml; None when it cannot be used, and *problems* then says why."""
    document = read_document(root / FILE, FILE, problems)
    naming = document and parse(Naming, document)
    if not document or not naming:
        return None
    before = len(problems.found)
    _check_component(naming, document)
    _check_hash(naming, document)
    for kind in get_args(KindName):
        if kind not in naming.kinds:
            document.problem(("kinds",), f"kinds.{kind} is missing")
    for key, kind in naming.kinds.items():
        if key not in get_args(KindName):
            document.problem(("kinds", key), f"unknown kind {key!r}", nearest(key, get_args(KindName)))
        _check_kind(naming, key, kind, document)
    if len(problems.found) == before:
        _check_namespaces(naming, document)
    return naming if len(problems.found) == before else None


def _check_component(naming: Naming, document: Document) -> None:
    try:
        re.compile(naming.component)
    except re.error as error:
        document.problem(("component",), f"component is not a regular expression: {error}")


def _check_hash(naming: Naming, document: Document) -> None:
    _check_placeholders(naming.hash.over, HASH_PLACEHOLDERS, ("hash", "over"), document)
    missing = [name for name in HASH_PLACEHOLDERS if f"{{{name}}}" not in naming.hash.over]
    if missing:
        document.problem(
            ("hash", "over"),
            f"hash.over lacks {', '.join(missing)}",
            "else two places, or two teams, would have one hash",
        )


def _check_kind(naming: Naming, key: str, kind: KindRule, document: Document) -> None:
    where = ("kinds", key, "template")
    if not _check_placeholders(kind.template, PLACEHOLDERS, where, document):
        return
    prefix, team, rest = kind.template.partition("{team}")
    if not team or "{" in prefix:
        document.problem(
            where, f"{key}: {kind.template!r} does not start with {{team}}", "a fixed text may go before it"
        )
    elif not rest or rest[0] == "{" or naming.slug.allows(rest[0]):
        document.problem(
            where,
            f"{key}: {kind.template!r} has no separator after {{team}} that a slug cannot hold",
            "else team1's names would take in team10's",
        )
    if "{component}" not in kind.template:
        document.problem(where, f"{key}: {kind.template!r} lacks {{component}}", "else all of a team's would be one")
    if kind.unique == "partition" and "{hash}" not in kind.template and not kind.account_regional:
        document.problem(
            where, f"{key}: {kind.template!r} lacks {{hash}}", "the name must differ from all of AWS's others"
        )
    low, high = kind.length
    if not 0 < low <= high:
        document.problem(("kinds", key, "length"), f"{key}: length {low} to {high} allows nothing")


def _check_placeholders(template: str, known: tuple[str, ...], where: tuple[str, ...], document: Document) -> bool:
    """Report placeholders of *template* that are not *known*; return whether there were none."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        document.problem(where, f"{template!r} is no template: {error}")
        return False
    strange = [field for field in fields if field not in known]
    for field in strange:
        document.problem(where, f"unknown placeholder {{{field}}} in {template!r}", nearest(field, known))
    return not strange


def _check_namespaces(naming: Naming, document: Document) -> None:
    """Report kinds of one namespace whose names could be each other's, and a log group that is not its function's."""
    for (key, kind), (other_key, other) in itertools.permutations(naming.kinds.items(), 2):
        same = naming.namespace(key) == naming.namespace(other_key)
        if same and kind.fixed_prefix != other.fixed_prefix and other.fixed_prefix.startswith(kind.fixed_prefix):
            document.problem(
                ("kinds", other_key, "template"),
                f"{other_key}: what {other.template!r} starts with can be a name of {key}, {kind.template!r}",
            )
    if naming.kinds["functionLogGroup"].template != FUNCTION_LOGS + naming.kinds["function"].template:
        document.problem(
            ("kinds", "functionLogGroup", "template"),
            f"functionLogGroup must be {FUNCTION_LOGS} and the function's template: Lambda writes there",
        )
