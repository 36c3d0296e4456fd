"""Places of the parts of an ARN, ``arn:partition:service:region:account:resource``, after ``split(":")``."""

from __future__ import annotations

PARTITION, SERVICE, REGION, ACCOUNT, RESOURCE = range(1, 6)


def queue_url(arn: str) -> str:
    """Return the URL of the queue of *arn*."""
    parts = arn.split(":")
    return f"https://sqs.{parts[REGION]}.amazonaws.com/{parts[ACCOUNT]}/{parts[-1]}"
