"""Whose something is, by its name: names of a team's begin with its slug and a separator (naming.yaml)."""

from __future__ import annotations

import re

_SLUG = re.compile(r"[a-z][a-z0-9]*")


def owner_of(arn: str) -> str:
    """Return the team that the resource of *arn*, or of this name, belongs to: how its name begins.

    What was made by hand under another name counts as its own owner's, by the name's first word.
    """
    name = arn.split(":")[6] if arn.startswith("arn:") and arn.count(":") >= 6 else arn.rpartition(":")[2]  # noqa: PLR2004
    name = name.rpartition("/")[2]
    found = _SLUG.match(name)
    return found[0] if found else name
