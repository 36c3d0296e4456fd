"""The catalogue: globs, cases, resource types, and what it does not know."""

from __future__ import annotations

import pytest

from shared.iam.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def names(catalogue: Catalogue, pattern: str) -> set[str]:
    return {action.name for action in catalogue.expand(pattern)}


def test_a_name_is_found_in_any_case(catalogue: Catalogue) -> None:
    assert names(catalogue, "S3:getobject") == {"s3:GetObject"}


def test_a_glob_finds_every_action_it_stands_for(catalogue: Catalogue) -> None:
    found = names(catalogue, "states:SendTask*")
    assert found == {"states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"}
    assert names(catalogue, "s3:Get?bject") == {"s3:GetObject"}


def test_a_star_crosses_services(catalogue: Catalogue) -> None:
    found = names(catalogue, "*:PassRole")
    assert "iam:PassRole" in found
    assert len(catalogue.expand("*")) > 20_000


@pytest.mark.parametrize("unheard", ["s3:GetObjcet", "nosuch:Thing", "s3", "", "s3:Nope*"])
def test_what_it_does_not_know_is_nothing(catalogue: Catalogue, unheard: str) -> None:
    assert catalogue.expand(unheard) == ()


def test_resource_types_become_globs(catalogue: Catalogue) -> None:
    (get,) = catalogue.expand("s3:GetObject")
    assert "arn:*:s3:::*/*" in get.arns
    assert get.can_touch("arn:aws:s3:::team2-data/*")
    assert not get.can_touch("arn:aws:lambda:us-east-1:123456789012:function:team2-x")
    (send,) = catalogue.expand("states:SendTaskSuccess")
    assert send.arns == ()
    assert send.level == "Write"
    assert send.service == "states"


def test_condition_keys_are_kept_in_lower_case(catalogue: Catalogue) -> None:
    (create,) = catalogue.expand("lambda:CreateEventSourceMapping")
    assert "lambda:functionarn" in create.condition_keys
