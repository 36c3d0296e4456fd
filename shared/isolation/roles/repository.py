"""Who may come to a team's image repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.grants import FETCH_IMAGES
from shared.isolation.roles.own_names import OwnNames

if TYPE_CHECKING:
    from shared.config.lane import Place
    from shared.values import Json


def repository_policy(team: str, place: Place) -> dict[str, Json]:
    """Return who may come to a repository of *team*: Lambda, to fetch an image for the team's own functions.

    The result is IAM's JSON. It has no Resource, because it belongs to the repository. It has no aws:SourceAccount: the
    ARN holds the account, and no guide says that Lambda sends that key here.
    """
    own = OwnNames(team, place).arn("lambda", "function:")
    allow: Json = {
        "Sid": "LambdaFetches",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": list(FETCH_IMAGES),
        "Condition": {"ArnLike": {"aws:SourceArn": own}},
    }
    return {"Version": "2012-10-17", "Statement": [allow]}
