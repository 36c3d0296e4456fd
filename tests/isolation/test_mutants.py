"""Seeded leaks and controls: each is one edit of a good document, and the proof must name a leak's own statement."""

import copy
import json
from dataclasses import replace

import pytest

from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.isolation.roles.database_role import make_role, remove_role
from tests.isolation import mutants

LEAKS = mutants.LEAKS | mutants.RESOURCE_LEAKS | mutants.NEAR_LEAKS
CONTROLS = mutants.CONTROLS | mutants.RESOURCE_CONTROLS | mutants.NEAR_CONTROLS
DOCUMENTS = (
    *("function", "function trust", "machine", "machine trust", "boundary"),
    *("deployer", "deployer trust", "deployer boundary", "bucket", "repository"),
    *("scheduler", "scheduler trust", "starter", "starts queue"),
)
SQL_LEAKS, SQL_DROPS, SQL_CONTROLS = mutants.SQL_LEAKS, mutants.SQL_DROPS, mutants.SQL_CONTROLS


@pytest.fixture
def proved(rendered, proof_of):
    """Return a function that edits one document of team1 and proves all of them, and team10's."""

    def prove_edited(key, edit):
        documents = rendered("team1")
        good = documents[key]
        body = copy.deepcopy(dict(good.body))
        edit(body)
        assert body != good.body, "the edit changed nothing"
        edited = replace(good, body=body)
        return edited, proof_of([*{**documents, key: edited}.values(), *rendered("team10").values()])

    return prove_edited


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_caught_by_its_own_statement(name, proved):
    key, edit, statement, rule = LEAKS[name]
    edited, proof = proved(key, edit)
    caught = [finding for finding in proof.findings if (finding.statement, finding.rule) == (statement, rule)]
    assert caught, [str(finding) for finding in proof.findings]
    # A wider role also stands out of its boundary, a narrower boundary leaves its roles out; nothing else is accused.
    assert {finding.document for finding in proof.findings if finding.rule != "boundary-gap"} <= {edited.title}
    for finding in caught:
        assert finding.team == "team1"
        assert finding.why
        assert finding.fix


OWN_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:team1-x"
RULE = "arn:aws:events:us-east-1:123456789012:rule/"
BY_RULE = {
    "Sid": "ByRule",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": OWN_FUNCTION,
    "Condition": {"ArnLike": {"AWS:SourceArn": f"{RULE}team1-check"}},
}


def own_policy(elements):
    body = {"Version": "2012-10-17", "Id": "default", "Statement": [{**BY_RULE, **elements}]}
    return Document(DocumentKind.RESOURCE, "team1-x", "team1", body, OWN_FUNCTION)


@pytest.mark.parametrize("elements", [{}, {"Effect": "Deny", "Principal": "*"}])
def test_a_functions_own_policy_may_let_in_a_rule_of_its_team(elements, proof_of):
    assert proof_of([own_policy(elements)]).findings == ()


@pytest.mark.parametrize(
    "elements",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/team1-x"}},
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Action": "lambda:*"},
        {"Resource": "*"},
        {"Condition": {}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": f"{RULE}team10-check"}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": [f"{RULE}team1-check", f"{RULE}*"]}}},
        {"Condition": {"ArnNotLike": {"AWS:SourceArn": f"{RULE}team1-check"}}},
    ],
)
def test_a_functions_own_policy_lets_in_nobody_else(elements, proof_of):
    findings = proof_of([own_policy(elements)]).findings
    assert [(finding.statement, finding.rule) for finding in findings] == [("ByRule", "resource-policy")]


@pytest.mark.parametrize("key", DOCUMENTS)
def test_a_document_that_hangs_on_what_is_another_teams_is_caught(key, rendered, proof_of):
    """A bucket's policy may be right in itself, and still belong to another's bucket."""
    documents, theirs = rendered("team1"), rendered("team10")
    moved = replace(documents[key], attached=theirs[key].attached)
    proof = proof_of([*{**documents, key: moved}.values(), *theirs.values()])
    caught = [(found.document, found.statement, found.rule, found.resource) for found in proof.findings]
    assert (moved.title, "", "foreign-name", theirs[key].attached) in caught


@pytest.mark.parametrize("key", ["function trust", "machine trust", "deployer trust"])
def test_a_role_without_a_boundary_is_caught_before_it_has_a_policy(key, rendered, proof_of):
    bare = replace(rendered("team1")[key], under="")
    proof = proof_of([bare, rendered("team1")["boundary"], rendered("team1")["deployer boundary"]])
    assert [(finding.rule, finding.document) for finding in proof.findings] == [("no-boundary", bare.title)]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_passes(name, proved):
    key, edit = CONTROLS[name]
    _, proof = proved(key, edit)
    assert [str(finding) for finding in proof.findings] == []


def test_no_seed_was_lost():
    assert (len(LEAKS), len(CONTROLS)) == (331, 44)
    assert (len(SQL_LEAKS), len(SQL_DROPS), len(SQL_CONTROLS)) == (53, 7, 5)


def test_the_leaks_differ(rendered):
    bodies = set()
    for key, edit, _, _ in LEAKS.values():
        body = copy.deepcopy(dict(rendered("team1")[key].body))
        edit(body)
        bodies.add(key + json.dumps(body, sort_keys=True))
    assert len(bodies) == len(LEAKS)


@pytest.fixture
def proved_sql(proof_of):
    """Return a function that edits one of team1's scripts and proves it beside team10's."""

    def prove_edited(making, dialect, edit):
        good = made("team1", dialect) if making else remove_role("team1", "team1_data_0a1b2c3d", dialect)
        edited = replace(good, statements=edit(good.statements))
        assert edited != good, "the edit changed nothing"
        return proof_of([], [edited, made("team10", dialect)])

    return prove_edited


def made(team, dialect):
    return make_role(team, f"{team}_data_0a1b2c3d", dialect, "any")


@pytest.mark.parametrize("name", [*SQL_LEAKS, *SQL_DROPS])
def test_a_leak_in_sql_is_caught_by_its_own_statement(name, proved_sql):
    dialect, edit, statement, rule = (SQL_LEAKS | SQL_DROPS)[name]
    proof = proved_sql(name in SQL_LEAKS, dialect, edit)
    caught = [finding for finding in proof.findings if (finding.statement, finding.rule) == (statement, rule)]
    assert caught, [str(finding) for finding in proof.findings]
    assert {finding.team for finding in proof.findings} == {"team1"}
    assert all(finding.why and finding.fix and dialect in finding.document for finding in caught)


@pytest.mark.parametrize("name", SQL_CONTROLS)
def test_a_control_in_sql_passes(name, proved_sql):
    assert [
        str(finding)
        for finding in proved_sql(making=True, dialect=SQL_CONTROLS[name][0], edit=SQL_CONTROLS[name][1]).findings
    ] == []


def test_leaks_in_sql_differ():
    scripts = {(dialect, edit(made("team1", dialect).statements)) for dialect, edit, _, _ in SQL_LEAKS.values()}
    assert len(scripts) == len(SQL_LEAKS)


def test_a_password_is_never_shown(proved_sql):
    for password in ("'sesame' SUPERUSER PASSWORD 'y'", "'sesame\\'", "'sesame'x'", "'sesame"):
        proof = proved_sql(making=True, dialect="postgresql", edit=mutants.Sql(password, "'any'"))
        assert proof.findings
        assert "sesame" not in str(proof)
