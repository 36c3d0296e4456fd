"""Shared data of the settings: who may read it, who owns it, and whose slug it forbids."""

import json

import pytest

COMMONS = """
commons:
  cosmicai-data: {teams: all, description: galaxies}
  labs-data: {teams: [beta], account: "210987654321"}
"""
CARD = """\
description: Counts stars.
functions:
  count:
    handler: shared.handlers.stars.count.handler
    uses: {bucket: read, commons: all}
"""
TEMPLATE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${count}", "End": True}}})


@pytest.fixture
def shared(files):
    """A project whose settings share data, and whose card reads all of it."""
    settings = files.root / "shared" / "settings.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + COMMONS, encoding="utf-8")
    files.write("statemachines/stars.yaml", CARD)
    files.write("statemachines/stars.asl.json", TEMPLATE)
    files.team("beta")
    return files


def test_a_team_reads_what_is_shared_with_it_and_knows_the_owner(shared):
    for team in ("alpha", "beta"):
        shared.team(team, "workflows: {stars: }\n")
    lanes = shared.load().teams
    assert lanes["alpha"].commons == {"cosmicai-data": "123456789012"}
    assert lanes["beta"].commons == {"cosmicai-data": "123456789012", "labs-data": "210987654321"}
    told = lanes["beta"].functions["stars-count"]
    assert told.uses.commons == ("cosmicai-data", "labs-data")
    assert told.environment["COMMONS"] == "cosmicai-data,labs-data"
    assert told.environment["COMMONS_OWNERS"] == "123456789012,210987654321"


def test_no_team_is_called_like_the_beginning_of_shared_data(shared):
    shared.team("cosmicai", "workflows: {stars: }\n")
    (problem,) = shared.problems()
    assert problem.startswith("teams/cosmicai.yaml:1: cosmicai begins the name of cosmicai-data, which the settings")


def test_what_deployment_sets_no_team_sets(shared):
    shared.team("alpha", "workflows: {stars: }\nprovider: {environment: {COMMONS: x}}\n")
    (problem,) = shared.problems()
    assert "the variable 'COMMONS' is set by deployment" in problem
