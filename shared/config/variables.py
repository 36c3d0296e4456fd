"""The variables of a function's environment: which ones deployment sets, and which a card or a team may add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.config.card_file import CardUses
    from shared.config.document import Document

RENDEZVOUS_VARIABLES = ("RENDEZVOUS_ENDPOINT", "RENDEZVOUS_TIMEOUT", "RENDEZVOUS_DEGRADED_AFTER")
PROTOCOL_VARIABLE = "RENDEZVOUS_PROTOCOL"
"""Which protocol ranks speak at the rendezvous."""
KEY_VARIABLE = "RENDEZVOUS_SECRET"
"""The name of the secret that holds the key by which the team signs at the rendezvous."""
DATABASE_VARIABLE = "DATABASE_SECRET"
"""The name of the secret by which the team's database is reached."""
COMMONS_VARIABLE = "COMMONS"
"""The buckets of shared data that a function may read, joined by commas."""
COMMONS_OWNERS_VARIABLE = "COMMONS_OWNERS"
"""The accounts that must own them, in the same order."""
OWN_VARIABLES = (
    *("TEAM", "STAGE", "ACCOUNT", "BUCKET", "WORKFLOW", DATABASE_VARIABLE, COMMONS_VARIABLE, COMMONS_OWNERS_VARIABLE),
    *(*RENDEZVOUS_VARIABLES, PROTOCOL_VARIABLE, KEY_VARIABLE),
)
"""What deployment sets."""
_FORM = r"[A-Za-z][A-Za-z0-9_]+"  # Lambda's rule
_SET_BY_LAMBDA = re.compile(r"_HANDLER|_X_AMZN_TRACE_ID|AWS_.*|LAMBDA_.*|TZ")
# Credentials whose form tells what they are: an AWS access key, a private key in PEM, a token of GitHub's.
CREDENTIAL = re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}\b")

# By what a name says: a secret, or what leads to one and gives none (an id, a page's token).
_OF_SECRET = re.compile(
    r"secret(?!id$|name$|arn$)|passw|pwd|credential|signature|authorization|(api|access|private|team|signing)key(?!id$)"
    r"|(?<!next)(?<!continuation)(?<!starting)token$|^dsn$"
)


def names_secret(name: str) -> bool:
    """Say whether what is called *name*, a variable or a key, is likely to be a secret that nobody may show or keep."""
    return _OF_SECRET.search(re.sub(r"[-_ ]", "", name).lower()) is not None


def variable(kind: str, key: str) -> str:
    """Return the variable by which a function finds what it uses: of *kind* ``table``, called *key* on the card."""
    return f"{kind}_{key}".upper().replace("-", "_")


def variables_of(uses: CardUses | None) -> set[str]:
    """Return the variables with a key in their names that deployment sets because of what a function *uses*."""
    if uses is None:
        return set()
    kinds: dict[str, Collection[str]] = {
        "table": uses.tables,
        "bucket": uses.buckets,
        "queue": uses.queues,
        "topic": uses.topics,
        "secret": uses.secrets,
        "setting": uses.settings,
        "function": uses.functions,
        "workflow": uses.workflows,
    }
    return {variable(kind, key) for kind, keys in kinds.items() for key in keys}


def check_environment(
    environment: Mapping[str, str], path: tuple[str, ...], document: Document, told: Collection[str] = ()
) -> None:
    """Report variables at *path* that Lambda refuses, that Lambda or deployment sets, and values that are credentials.

    *told* are the variables that deployment sets because of what the function uses.
    """
    for name, value in environment.items():
        if not re.fullmatch(_FORM, name):
            document.problem((*path, name), f"the variable {name!r} does not match {_FORM}")
        if name in OWN_VARIABLES or name in told or _SET_BY_LAMBDA.fullmatch(name):
            document.problem((*path, name), f"the variable {name!r} is set by deployment or by Lambda", "rename it")
        check_no_credential(value, (*path, name), document)


def check_no_credential(value: str, path: tuple[str, ...], document: Document) -> None:
    """Report a *value* at *path* that is a credential, which nobody may keep in a file."""
    if CREDENTIAL.search(value):
        what = f"the value of {path[-1]!r} has the form of a credential, and all who read the project can read it"
        document.problem(path, what, "revoke it, declare a secret under secrets: of the card, and name it under uses:")
