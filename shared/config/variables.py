"""The variables of a function's environment: which ones deployment sets, and which a card or a team may add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def check_environment(environment: Mapping[str, str], path: tuple[str, ...], document: Document) -> None:
    """Report variables at *path* that Lambda refuses, or that Lambda or deployment sets."""
    for name in environment:
        if not re.fullmatch(_FORM, name):
            document.problem((*path, name), f"the variable {name!r} does not match {_FORM}")
        if name in OWN_VARIABLES or _SET_BY_LAMBDA.fullmatch(name):
            document.problem((*path, name), f"the variable {name!r} is set by deployment or by Lambda", "rename it")
