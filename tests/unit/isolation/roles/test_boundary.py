"""Boundaries: no role is wider than a lane, and a boundary follows from the slug and the shared data alone."""

import dataclasses
import json
from pathlib import Path

import pytest

from shared.config.lane import Place
from shared.config.load import find_root, load_project
from shared.iam.catalogue import load_catalogue
from shared.iam.globs import matches
from shared.isolation.proof.documents.document import SIZE_LIMITS, DocumentKind
from shared.isolation.proof.names.slugs import parse_rule
from shared.isolation.proof.names.territory import SEPARATORS
from shared.isolation.roles.boundary import boundary_policy
from shared.isolation.roles.deployer import deployer_boundary
from shared.isolation.roles.platform_role import platform_policy

PLACE = Place("123456789012", "us-east-1", "dev")


COMMONS = {"cosmicai-data": "123456789012", "survey-images-data": "210987654321"}


def of_roles(team):
    return boundary_policy(team, PLACE, COMMONS)


def of_people(team):
    lane = load_project(find_root(Path(__file__))).lane("team1")
    return deployer_boundary(dataclasses.replace(lane, team=team))


@pytest.mark.parametrize("make", [of_roles, of_people])
def test_a_boundary_follows_from_the_slug_and_not_from_cards_and_fits(make):
    one, other = (json.dumps(make(team).document(), separators=(",", ":")) for team in ("aa", "zzzzzzzzzzzz"))
    assert one.replace("aa-", "zzzzzzzzzzzz-").replace("aa/", "zzzzzzzzzzzz/") == other
    assert len(other) < 6_144


def test_the_platform_changes_roles_only_under_a_boundary_of_ours():
    catalogue = load_catalogue()
    for statement in platform_policy(PLACE).statements:
        for name in statement.actions:
            (action,) = catalogue.expand(name)
            on_roles = any("role/" in arn for arn in action.arns)
            if name == "iam:PassRole":
                assert set(statement.conditions["StringEquals"]) == {"iam:PassedToService"}
            elif action.service == "iam" and on_roles and action.level == "Permissions management":
                assert "iam:permissionsboundary" in action.condition_keys, f"{name}: AWS would ignore the condition"
                assert statement.conditions == {
                    "ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/*-boundary-*"}
                }


def test_the_platform_knows_every_action_it_asks_for():
    catalogue = load_catalogue()
    for statement in platform_policy(PLACE).statements:
        for name in statement.actions:
            (action,) = catalogue.expand(name)
            assert action.name == name
            assert not action.arns or any(action.can_touch(resource) for resource in statement.resources), name


def test_the_platform_watches_the_map_runs_of_any_lane():
    run = "arn:aws:states:us-east-1:123456789012:mapRun:team2-COSMIC-AI-7078ea12/Ranks:1f0e"
    granted = {
        name
        for statement in platform_policy(PLACE).statements
        for name in statement.actions
        if any(matches(run, resource) for resource in statement.resources)
    }
    assert {"states:DescribeMapRun", "states:ListExecutions"} <= granted


@pytest.mark.parametrize("forbidden", ["iam:AttachRolePolicy", "iam:CreateUser", "sts:AssumeRole"])
def test_the_platform_gives_itself_no_other_way_in(forbidden):
    granted = {name for statement in platform_policy(PLACE).statements for name in statement.actions}
    assert forbidden not in granted


def test_the_platforms_policy_fits_into_one_role():
    assert len(json.dumps(platform_policy(PLACE).document(), separators=(",", ":"))) < SIZE_LIMITS[DocumentKind.ROLE]


def test_a_role_name_with_an_underscore_first_is_in_no_territory():
    # The platform's own role: what stands before the first separator is no slug.
    rule = parse_rule("[a-z][a-z0-9]{1,11}")
    name = "lanes_platform"
    assert not any(rule.allows(name.partition(separator)[0]) for separator in SEPARATORS)
