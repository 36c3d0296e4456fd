"""The reviewed list: actions of AWS's services that keep no team's data, so that any team may be granted them.

Whoever adds one answers, in its reason: what could one team do to another with it? It reads and keeps nothing but what
it is given in the request, and what it answers depends on nothing that a team stored.
"""

from __future__ import annotations

from dataclasses import dataclass

HOW_TO_ADD = "to have it reviewed, add it with its reason to shared/config/services.py, in a pull request of its own"


@dataclass(frozen=True, slots=True)
class Service:
    """One reviewed action.

    Attributes:
        action: As AWS writes it.
        reason: Why it is no path to another team.
        resources: What it is granted on, to be filled with the place (``{partition}``, ``{region}``, ``{account}``).
    """

    action: str
    reason: str
    resources: tuple[str, ...] = ("*",)


_STATELESS = "it works on the bytes of the request, or on an object that the caller's own role can read"

SERVICES: dict[str, Service] = {
    each.action: each
    for each in (
        Service("rekognition:DetectLabels", _STATELESS),
        Service("comprehend:DetectSentiment", _STATELESS),
        Service(
            "bedrock:InvokeModel",
            "a foundation model is AWS's own and keeps nothing of a request",
            ("arn:{partition}:bedrock:*::foundation-model/*",),
        ),
    )
}
