"""An access key: what a client signs its requests with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key, as AWS's clients know it. Its secrets show in no repr, so in no log and no traceback.

    Attributes:
        id: Who signs; 20 letters and digits, no secret.
        secret: What is signed with.
        token: The session's, empty for a key that stays.
    """

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
