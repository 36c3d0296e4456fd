"""The team x team table: empty off the diagonal, and not blind to a leak."""

from dataclasses import replace

import pytest

from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.matrix import reach_matrix


@pytest.fixture
def documents(rendered):
    return {team: rendered(team) for team in ("team1", "team10", "wssr")}


def table(documents, place):
    return reach_matrix([d for each in documents.values() for d in each.values()], place, load_catalogue())


def with_statement(document, **statement):
    body = {**document.body, "Statement": [*document.body["Statement"], {"Effect": "Allow", **statement}]}
    return replace(document, body=body)


def test_each_team_reaches_itself_alone(documents, place):
    matrix = table(documents, place)
    assert list(matrix) == ["team1", "team10", "wssr"]
    for team, row in matrix.items():
        for other, services in row.items():
            assert bool(services) is (team == other), (team, other, services)
        assert {"s3", "lambda", "states", "logs", "iam"} <= set(row[team])


def test_a_prefix_reaches_the_team_that_it_begins(documents, place):
    leak = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::team1*"}
    documents["team1"]["function"] = with_statement(documents["team1"]["function"], **leak)
    matrix = table(documents, place)
    assert matrix["team1"]["team10"] == ("s3",)
    assert matrix["team1"]["wssr"] == ()
    assert matrix["team10"]["team1"] == ()


def test_a_star_reaches_everybody(documents, place):
    leak = {"Action": ["lambda:Invoke*", "s3:*"], "Resource": "*"}
    documents["wssr"]["function"] = with_statement(documents["wssr"]["function"], **leak)
    assert table(documents, place)["wssr"]["team1"] == ("lambda", "s3")


def test_an_account_wide_action_reaches_no_name(documents, place):
    harmless = {"Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    documents["wssr"]["function"] = with_statement(documents["wssr"]["function"], **harmless)
    assert table(documents, place)["wssr"]["team1"] == ()


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::123456789012:role/team10-x"},
        {"AWS": "arn:aws:sts::123456789012:assumed-role/team10-x/session"},
    ],
)
def test_a_bucket_opened_to_another_shows_on_the_others_row(documents, place, principal):
    leak = {"Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::team1-data-0a1b2c3d/*"}
    documents["team1"]["bucket"] = with_statement(documents["team1"]["bucket"], **leak)
    matrix = table(documents, place)
    assert matrix["team10"]["team1"] == ("s3",)
    assert matrix["wssr"]["team1"] == ()


@pytest.mark.parametrize("principal", ["*", {"AWS": "123456789012"}])
def test_a_role_open_to_all_shows_on_every_row(documents, place, principal):
    leak = {"Principal": principal, "Action": "sts:AssumeRole"}
    documents["team1"]["function trust"] = with_statement(documents["team1"]["function trust"], **leak)
    matrix = table(documents, place)
    assert matrix["team10"]["team1"] == matrix["wssr"]["team1"] == ("iam",)
