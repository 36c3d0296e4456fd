"""The theorem: what is rendered for a lane keeps to its own names, whoever else there is."""

from dataclasses import replace

import pytest

from shared.iam.catalogue import Catalogue, load_catalogue
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.isolation.proof.names.disjoint import NameRules
from shared.isolation.proof.proof import prove
from shared.isolation.roles.database_role import DIALECTS, make_role, remove_role
from tests.isolation.conftest import NAMES


def test_every_document_of_a_lane_is_proved(rendered, proof_of):
    proof = proof_of(list(rendered("team1").values()))
    assert [str(finding) for finding in proof.findings] == []
    assert proof.holds
    assert proof.documents == 14
    assert proof.statements > 30
    assert proof.pairs > 100
    assert len(proof.lemmas) == 5


def test_account_wide_actions_are_named_with_their_reasons(rendered, proof_of):
    proof = proof_of(list(rendered("team1").values()))
    assert "logs:CreateLogDelivery" in proof.account_wide
    assert all(proof.account_wide.values())


def test_fifty_teams_are_proved_together(rendered, place):
    documents = [document for i in range(50) for document in rendered(f"team{i}").values()]
    proof = prove(documents, place, replace(NAMES, templates={}), load_catalogue())
    assert proof.holds
    assert len(proof.teams) == 50


def test_an_empty_catalogue_proves_nothing(rendered, place):
    names = NameRules("[a-z][a-z0-9]{1,11}", frozenset({"teamlanes"}), {})
    proof = prove(list(rendered("team1").values()), place, names, Catalogue({}))
    assert {finding.rule for finding in proof.findings} >= {"unknown-action"}


@pytest.mark.parametrize(
    ("rule", "templates", "says"),
    [
        ("[a-z][a-z0-9-]{1,11}", {}, "may hold '-'"),
        ("[a-z/][a-z0-9]{1,11}", {}, "may hold '/'"),
        ("[a-z][a-z0-9_]{1,11}", {}, "may hold '_'"),
        ("[a-z]+", {}, "of the form"),
        ("[a-z][a-z0-9]{1,11}", {"function": "{team}{component}"}, "template of function"),
        ("[a-z][a-z0-9]{1,11}", {"function": "lane-{team}-{component}"}, "template of function"),
        ("[a-z][a-z0-9]{1,11}", {"schema": "{team}{component}"}, "template of schema"),
        ("[a-z][a-z0-9]{1,11}", {"schema": "lane_{team}_{component}"}, "template of schema"),
        ("[a-z][a-z0-9]{1,11}", {"securityGroup": "{team}"}, "template of securityGroup"),
        ("[a-z][a-z0-9]{1,11}", {"balloon": "{team}-{component}"}, "template of balloon"),
    ],
)
def test_names_that_could_meet_are_refused(rule, templates, says, place):
    proof = prove([], place, NameRules(rule, frozenset(), templates), load_catalogue())
    assert any(says in finding.why for finding in proof.findings)
    assert not proof.lemmas


@pytest.mark.parametrize("team", ["team-1", "Team1", "t", "lanes", ""])
def test_a_team_whose_slug_breaks_the_rule_has_no_territory(team, rendered, place):
    names = NameRules("[a-z][a-z0-9]{1,11}", frozenset({"lanes"}), {})
    proof = prove(list(rendered(team).values()), place, names, load_catalogue())
    assert any("is no slug, or a reserved one" in finding.why for finding in proof.findings)


def test_a_role_without_a_boundary_is_found(rendered, proof_of):
    documents = [document for key, document in rendered("team1").items() if key != "boundary"]
    assert {finding.rule for finding in proof_of(documents).findings} == {"no-boundary"}


def test_another_teams_boundary_does_not_do(rendered, proof_of):
    documents = [document for key, document in rendered("team1").items() if key != "boundary"]
    documents.append(rendered("team10")["boundary"])
    assert {finding.rule for finding in proof_of(documents).findings} == {"no-boundary"}


def test_a_document_given_to_another_team_is_found(rendered, proof_of):
    ours = rendered("team1")
    for key, document in rendered("team10").items():
        if key == "function trust":
            continue  # the same for all teams: Lambda may take the role, PassRole says who may hand it over
        stolen = replace(document, team="team1")
        assert not proof_of([stolen, ours["boundary"]]).holds, key


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_database_role_given_to_another_team_is_found(dialect, proof_of):
    for make in (lambda *words: make_role(*words, "any"), remove_role):
        ours, theirs = (make("team1", f"{team}_data_0a1b2c3d", dialect) for team in ("team1", "team10"))
        assert proof_of([], [ours]).holds
        proof = proof_of([], [theirs])
        assert {finding.rule for finding in proof.findings} == {"foreign-name"}
        assert proof.teams == ("team1",)


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_a_document_without_statements_is_malformed(kind, proof_of):
    empty = Document(kind, "team1-x-1", "team1", {"Version": "2012-10-17", "Statement": []}, "arn:aws:s3:::team1-x-1")
    assert "malformed" in {finding.rule for finding in proof_of([empty]).findings}
