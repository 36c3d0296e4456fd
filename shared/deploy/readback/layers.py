"""Policies that versions of layers carry, of layers that are named like a team's. Lanes make no layers themselves."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.reading import if_there
from shared.isolation.proof.documents.document import Document, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.readback.sight import Sight


def layer_policies(lane: Lane, aws: Aws, sight: Sight) -> Iterator[Document]:
    """Yield the policies. Where the caller may not list layers, *sight* notes it, and those on cards are read."""
    for arn in _versions(lane, aws, sight):
        with sight.looking(f"policy of layer {arn}"):
            yield from _policy(lane, arn, aws)


def _versions(lane: Lane, aws: Aws, sight: Sight) -> list[str]:
    """Return the ARNs of all versions of the team's own layers; of those on cards where they may not be listed."""
    versions = sight.list(f"layers named {lane.team}-... and not on a card", lambda: list(_listed(lane, aws)))
    if versions is not None:
        return versions
    own = lane.place.arn("lambda", f"layer:{name_prefix(lane.team)}")
    return sorted({arn for each in lane.functions.values() for arn in each.layers if arn.startswith(own)})


def _listed(lane: Lane, aws: Aws) -> Iterator[str]:
    client = aws.client("lambda")
    for page in client.get_paginator("list_layers").paginate():
        for layer in page["Layers"]:
            if layer["LayerName"].startswith(name_prefix(lane.team)):
                for found in client.get_paginator("list_layer_versions").paginate(LayerName=layer["LayerName"]):
                    yield from (each["LayerVersionArn"] for each in found["LayerVersions"])


def _policy(lane: Lane, arn: str, aws: Aws) -> Iterator[Document]:
    """Yield the policy of one version. One without a policy lets in nobody, and AWS answers that there is none."""
    layer, _, version = arn.rpartition(":")
    read = partial(aws.client("lambda").get_layer_version_policy, LayerName=layer, VersionNumber=int(version))
    answer = if_there(read, "ResourceNotFoundException")
    if answer:
        name = f"{layer.rpartition(':')[2]}:{version}"
        yield Document(DocumentKind.RESOURCE, name, lane.team, json.loads(answer["Policy"]), arn)
