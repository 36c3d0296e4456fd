"""The URI of an image in a private repository of ECR: all that Lambda runs images from."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<host>(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?)/(?P<repository>[^:@]+)"
    r"(:(?P<tag>[^:@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class EcrUri:
    """An image: whose and where. ``tag`` is empty where only a digest says which image, ``digest`` where only a tag."""

    host: str
    account: str
    region: str
    repository: str
    tag: str
    digest: str

    def repository_arn(self, partition: str) -> str:
        """Return the ARN of its repository."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.repository}"


def in_ecr(uri: str) -> EcrUri | None:
    """Return where in ECR the image *uri* is, None when it is in another registry; without a tag it is ``latest``."""
    found = _FORM.fullmatch(uri)
    if found is None:
        return None
    digest = found["digest"] or ""
    tag = found["tag"] or ("" if digest else "latest")
    return EcrUri(found["host"], found["account"], found["region"], found["repository"], tag, digest)
