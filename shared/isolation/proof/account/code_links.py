"""Where a function's code comes from and where its events' outcomes go, which stands in no IAM document.

A layer or an image of another team would run that team's code with this one's rights, or show it. An asynchronous
destination gets each event with what became of it. Layers and images of other accounts are let in: their accounts
publish them, and whoever deploys the lane trusts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.isolation.proof.names.territory import Territory

_ACCOUNT = 4  # its place in an ARN, from 0


@dataclass(frozen=True, slots=True)
class FunctionLinks:
    """What ties the function *arn* to others.

    Args:
        arn: The function's ARN.
        layers: ARNs of versions of layers.
        image: The URI of its container image, or "".
        destinations: ARNs that get the outcomes of its events.
    """

    arn: str
    layers: tuple[str, ...] = ()
    image: str = ""
    destinations: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """How a reader finds it."""
        return f"function {self.arn.rpartition(':')[2]}"

    @property
    def operator(self) -> str:
        """Nobody answers for a function that runs another team's code."""
        return ""


def judge_function(link: FunctionLinks, territory: Territory) -> Iterator[Finding]:
    """Yield what of *link*, of a function of the team's own, is neither its own nor, for code, another account's."""
    for layer in link.layers:
        if not _may_run(layer, territory):
            yield _finding(link, territory, layer, "foreign-layer", "it runs a layer that is another's of this account")
    if link.image:
        uri = in_ecr(link.image)
        if uri is None or not _may_run(uri.repository_arn(territory.place.partition), territory):
            why = "it runs an image that is another's of this account, or of no registry of ECR"
            yield _finding(link, territory, link.image, "foreign-image", why)
    for arn in link.destinations:
        if not territory.holds(arn):
            why = "it hands its events, and what became of them, to what is not the team's own"
            yield _finding(link, territory, arn, "foreign-destination", why)


def _may_run(arn: str, territory: Territory) -> bool:
    account = (arn.split(":") + [""] * _ACCOUNT)[_ACCOUNT]
    return territory.holds(arn) or (account.isdigit() and account != territory.place.account)


def _finding(link: FunctionLinks, territory: Territory, resource: str, rule: str, why: str) -> Finding:
    return Finding(
        rule=rule,
        document=link.title,
        team=territory.slug,
        resource=resource,
        why=why,
        fix=f"name what is called {territory.slug}-..., or another account's; lanes deploy {territory.slug} sets it",
    )
