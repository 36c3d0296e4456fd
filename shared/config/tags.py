"""The tags of resources: which ones deployment sets, and which a file may add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.document import Document

OWN_TAGS = ("team", "owner", "stage", "managed-by")  # deployment sets them; they say whose a resource is
MAX_TAGS = 50 - len(OWN_TAGS)
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256


def check_tags(tags: Mapping[str, str], path: tuple[str, ...], document: Document) -> None:
    """Report *tags* at *path* that AWS refuses, or that deployment sets itself."""
    if len(tags) > MAX_TAGS:
        document.problem(path, f"there are {len(tags)} tags; {MAX_TAGS} is the most that a resource has room for")
    for key, value in tags.items():
        if key in OWN_TAGS:
            document.problem((*path, key), f"the tag {key!r} is set by deployment", "choose another key")
        if key.lower().startswith("aws:"):
            document.problem((*path, key), f"the tag {key!r} starts with 'aws:', which is reserved")
        if not re.fullmatch(rf"[\w .:/=+@-]{{1,{MAX_TAG_KEY}}}", key):
            document.problem((*path, key), f"the tag key {key!r} is not 1 to {MAX_TAG_KEY} letters, digits or .:/=+@-_")
        if not re.fullmatch(rf"[\w .:/=+@-]{{0,{MAX_TAG_VALUE}}}", value):
            document.problem(
                (*path, key), f"the value of tag {key!r} is not 0 to {MAX_TAG_VALUE} letters, digits or .:/=+@-_"
            )
