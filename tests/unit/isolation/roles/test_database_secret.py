"""A function reads its own team's database secret, when it has one, and no other secret."""

from pathlib import Path

import pytest

from shared.config.load import load_project
from shared.isolation.roles.function_role import function_policy

SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret"


@pytest.fixture(scope="module")
def project():
    return load_project(Path(__file__).parents[4])


def reads(lane, key):
    statements = function_policy(lane, lane.functions[key]).statements
    return [one.resources for one in statements if "secretsmanager:GetSecretValue" in one.actions]


def test_a_function_of_a_workflow_with_a_database_reads_the_teams_secret_alone(project):
    lane = project.lane("wssr")
    assert lane.database.secret == f"wssr/database-{lane.hash}"
    assert lane.database.schema == f"wssr_data_{lane.hash}"
    assert reads(lane, "random-mean-draw") == [(f"{SECRETS}:wssr/database-{lane.hash}-??????",)]
    assert lane.functions["random-mean-draw"].environment["DATABASE_SECRET"] == lane.database.secret


def test_other_workflows_and_teams_without_a_database_read_none(project):
    team2 = project.lane("team2")
    assert team2.database is None
    assert all("database" not in str(reads(team2, key)) for key in team2.functions)
    lane = project.lane("wssr")
    others = [key for key in lane.functions if not key.startswith("random-mean-")]
    assert all(reads(lane, key) == [] for key in others)
