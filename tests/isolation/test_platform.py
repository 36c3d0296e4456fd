"""The rendezvous service's own roles are proved like a team's, and what is reviewed for them is for them alone."""

import copy
from dataclasses import replace

import pytest

from shared.config.load import find_root, load_project
from shared.config.platform import SLUG, rendezvous_service
from shared.deploy.documents import service_documents
from shared.isolation.proof.documents.document import DocumentKind


@pytest.fixture(scope="module")
def documents(request):
    return service_documents(rendezvous_service(load_project(find_root(request.config.rootpath))))


def test_the_services_documents_are_proved(documents, proof_of):
    proof = proof_of(documents)
    assert [str(finding) for finding in proof.findings] == []
    assert (proof.teams, proof.documents) == ((SLUG,), 7)
    assert sum(document.kind is DocumentKind.ROLE for document in documents) == 3


def ungrasp(statement):
    del statement["Condition"]


def drop(operator):
    def edit(statement):
        del statement["Condition"][operator]

    return edit


def widen(key, value):
    def edit(statement):
        statement[key] = value

    return edit


def records(*names):
    def edit(statement):
        for lines in statement["Condition"].values():
            for key in lines:
                lines[key] = list(names) if lines[key] != "false" else "false"

    return edit


LEAKS = {
    "tasks of every cluster": ("ListTasks", ungrasp, "unconfined"),
    "services of every cluster": (
        "Service",
        widen("Resource", "arn:aws:ecs:us-east-1:123456789012:service/*"),
        "foreign-name",
    ),
    "every record": ("MoveRecord", ungrasp, "unconfined"),
    "every record, if the key is not told": ("MoveRecord", drop("Null"), "unconfined"),
    "records by a star": ("MoveRecord", records("*.uva-ds5110.com"), "unconfined"),
    "logs of a team": (
        "WriteLogs",
        widen("Resource", "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/*"),
        "foreign-name",
    ),
    "a team's key": (
        "RendezvousSecret",
        widen("Resource", "arn:aws:secretsmanager:us-east-1:123456789012:secret:team1/rendezvous-0a1b2c3d-??????"),
        "foreign-name",
    ),
    "every interface changed": ("Look", widen("Action", ["ec2:ModifyNetworkInterfaceAttribute"]), "every-resource"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_of_the_service_is_caught_by_its_own_statement(name, documents, proof_of):
    sid, edit, rule = LEAKS[name]
    good = next(d for d in documents if d.kind is DocumentKind.ROLE and sid in str(d.body) and "restart" in d.name)
    body = copy.deepcopy(dict(good.body))
    edit(next(statement for statement in body["Statement"] if statement["Sid"] == sid))
    found = proof_of([replace(good, body=body), *(each for each in documents if each is not good)]).findings
    assert (good.title, sid, rule) in {(finding.document, finding.statement, finding.rule) for finding in found}


def test_what_is_reviewed_for_the_service_is_refused_to_a_team(documents, proof_of):
    check = next(d for d in documents if d.kind is DocumentKind.ROLE and "check" in d.name)
    found = {(each.statement, each.rule) for each in proof_of([replace(check, team="team1")]).findings}
    assert ("Look", "account-wide") in found
    assert {sid for sid, _ in found} >= {"ListTasks", "ReadRecords", "MoveRecord", "AwaitRecord", "Service", "Tasks"}


def test_no_team_may_hand_a_role_to_tasks(documents, proof_of):
    trust = next(d for d in documents if d.kind is DocumentKind.TRUST and "execution" in d.name)
    found = {each.rule for each in proof_of([replace(trust, team="team1")]).findings}
    assert "principal" in found


def test_tasks_of_another_account_are_refused(documents, proof_of):
    trust = next(d for d in documents if d.kind is DocumentKind.TRUST and "execution" in d.name)
    body = copy.deepcopy(dict(trust.body))
    del body["Statement"][0]["Condition"]
    edited = [replace(each, body=body) if each is trust else each for each in documents]
    assert {each.rule for each in proof_of(edited).findings} == {"source-account"}
