"""Layers of other accounts, such as AWS's public ones: the embedded cloud has only what was published in their place.

A version of a layer stands for another account's when its description is that one's whole ARN. So the card names the
same layer here and on AWS. Everybody may use it here, as everybody may use a public layer there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.reading import if_there
from shared.errors import LanesError

if TYPE_CHECKING:
    from moto.awslambda.models import LayerVersion

    from shared.aws.client import Aws
    from shared.config.lane import Lane

_REGION, _ACCOUNT, _NAME, _VERSION = 3, 4, 6, 7  # positions in the ARN of a layer's version, from 0


def published_as(arn: str) -> LayerVersion | None:
    """Return the version of a layer that stands for *arn*, in whatever account of this cloud it was published."""
    from moto.awslambda.models import lambda_backends  # a service loads when it is first asked about

    for account in list(lambda_backends.values()):
        backend = account.get(arn.split(":")[_REGION])
        for layer in backend.list_layers() if backend else ():
            for version in backend.list_layer_versions(layer["LayerName"]):
                if version.description == arn:
                    return version
    return None


def check_layers(lane: Lane, aws: Aws) -> None:
    """See that the cloud of *aws*, an embedded one, has the layers of *lane*'s functions.

    Raises:
        LanesError: It lacks some. The message names them all, and says how each is published there.
    """
    wanted = dict.fromkeys(layer for function in lane.functions.values() for layer in function.layers)
    stands_for = _descriptions(aws) if wanted else set()
    missing = [arn for arn in wanted if arn not in stands_for and not _is_own(arn, lane, aws)]
    if missing:
        commands = "; ".join(_publish(arn, lane.place.account) for arn in missing)
        raise LanesError(
            f"this cloud does not have the layers {', '.join(missing)}",
            where="the embedded cloud, which has no layers but those that were published to it",
            fix="fetch each as a zip (on AWS, aws lambda get-layer-version-by-arn tells its Location), and in a shell "
            f'that has run eval "$(lanes env)": {commands}',
        )


def _is_own(arn: str, lane: Lane, aws: Aws) -> bool:
    parts = arn.split(":")
    if parts[_ACCOUNT] != lane.place.account:
        return False
    read = aws.owner.client("lambda").get_layer_version
    named = {"LayerName": parts[_NAME], "VersionNumber": int(parts[_VERSION])}
    return if_there(partial(read, **named), "ResourceNotFoundException") is not None


def _descriptions(aws: Aws) -> set[str]:
    client = aws.owner.client("lambda")
    names = [each["LayerName"] for page in client.get_paginator("list_layers").paginate() for each in page["Layers"]]
    versions = client.get_paginator("list_layer_versions")
    return {
        each.get("Description", "")
        for name in names
        for page in versions.paginate(LayerName=name)
        for each in page["LayerVersions"]
    }


def _publish(arn: str, own: str) -> str:
    """Return the command that publishes a zip as the layer *arn*; its own account's needs no description."""
    parts = arn.split(":")
    stands_for = "" if parts[_ACCOUNT] == own else f" --description {arn}"
    return f"aws lambda publish-layer-version --layer-name {parts[_NAME]}{stands_for} --zip-file fileb://layer.zip"
