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


def credentials(key: AccessKey, endpoint: str | None = None) -> dict[str, str]:
    """Return the variables by which a process's AWS clients take *key*, and go to *endpoint* where there is one."""
    token = {"AWS_SESSION_TOKEN": key.token} if key.token else {}
    where = {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, **token, **where}
