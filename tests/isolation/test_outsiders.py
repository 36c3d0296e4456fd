"""Who and what of an account reaches teams, one at a time: found by its rule, passed, or listed with the reason."""

from dataclasses import replace

import pytest

from shared.iam.catalogue import load_catalogue
from shared.iam.statements import read_identity_policy
from shared.isolation.proof.account.account import Account, Expected, Principal
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import Logging, Rule
from shared.isolation.proof.account.outsiders import survey, with_account
from shared.isolation.proof.account.trigger_links import TriggerLinks
from shared.isolation.roles.ledger_role import ledger_policy
from shared.isolation.roles.platform_role import platform_policy
from tests.isolation import deployed_mutants

LEAKS, CONTROLS, BY_DESIGN = deployed_mutants.LEAKS, deployed_mutants.CONTROLS, deployed_mutants.BY_DESIGN
TEAMS = ("team1", "team10")


@pytest.fixture
def found(place):
    """Return a function from one thing of an account to what the survey says of it."""

    def look(thing, expected=None):
        if isinstance(thing, Principal):
            account = Account(TEAMS, principals=(thing,))
        elif isinstance(thing, Rule | Logging | FunctionLinks | TriggerLinks):
            account = Account(TEAMS, links=(thing,))
        else:
            account = Account(TEAMS, policies=(thing,))
        return survey(account, place, load_catalogue(), expected or Expected())

    return look


def test_no_seed_was_lost():
    assert (len(LEAKS), len(CONTROLS), len(BY_DESIGN)) == (88, 42, 7)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found_by_its_rule(name, found):
    thing, rule = LEAKS[name]
    told = found(thing).findings
    assert {each.rule for each in told} == {rule}, told
    for each in told:
        assert each.document
        assert each.why
        assert each.fix
        assert rule == "malformed" or "team1" in each.team.split(", ")


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_let_be(name, found):
    told = found(CONTROLS[name])
    assert [str(each) for each in told.findings] == []
    assert told.by_design == {}


@pytest.mark.parametrize("name", BY_DESIGN)
def test_who_reaches_by_design_is_listed_with_the_reason(name, found):
    thing, title = BY_DESIGN[name]
    told = found(thing, Expected(deployed_mutants.OPERATORS))
    assert [str(each) for each in told.findings] == []
    assert list(told.by_design) == ([title] if title else [])
    assert all(told.by_design.values())


@pytest.mark.parametrize("name", ["operator", "operator's rule", "operator that a team may take"])
def test_an_operator_that_the_settings_do_not_name_is_found(name, found):
    assert found(BY_DESIGN[name][0]).findings


def test_a_finding_names_who_by_what_whom_and_the_way_out(found):
    (told,) = found(LEAKS["user of a team's bucket"][0]).findings
    assert str(told) == (
        "policy quick of user/ann, statement New: s3:* on arn:aws:s3:::team1-*: arn:aws:iam::123456789012:user/ann "
        "reaches what is team1's [outsider]\n  fix: aws iam delete-user-policy --user-name ann --policy-name quick; or "
        "name in it what it is for; or list user/ann under operators in shared/settings.yaml with the reason"
    )
    (told,) = found(LEAKS["user by a managed policy"][0]).findings
    assert "aws iam detach-user-policy --user-name ann --policy-arn arn:aws:iam::123456789012:policy/Scien" in told.fix
    (told,) = found(LEAKS["user of everything"][0]).findings
    assert told.team == "team1, team10"


def test_the_platforms_role_is_known_by_its_policy_and_by_no_more(found, place):
    printed = read_identity_policy("lanes", platform_policy(place).document())
    platform = Principal("role", "arn:aws:iam::123456789012:role/builders", policies=(printed,))
    expected = Expected(platform=(printed,))
    told = found(platform, expected)
    assert (told.findings, list(told.by_design)) == ((), ["role/builders"])
    assert found(platform).findings, "nobody is the platform by its name"
    wider = read_identity_policy("more", deployed_mutants.body(deployed_mutants.DATA))
    told = found(replace(platform, policies=(printed, wider)), expected)
    assert [each.document for each in told.findings] == ["policy more of role/builders"]
    unheld = [replace(each, conditions=()) for each in printed.statements]
    told = found(replace(platform, policies=(replace(printed, statements=tuple(unheld)),)), expected)
    assert [each.statement for each in told.findings] == ["RolesUnderBoundary", "PassToFunctions", "PassToMachines"]


@pytest.mark.parametrize("teams", [TEAMS, (*TEAMS, "platform")], ids=["lanes", "with the rendezvous"])
def test_the_ledger_reaches_all_runs_by_design_and_does_no_more(place, teams):
    may = ledger_policy(place, "platform-ledger-0a1b2c3d", "/aws/lambda/platform-ledger-0a1b2c3d")
    own = read_identity_policy("ledger", may.document())
    ledger = Principal("role", "arn:aws:iam::123456789012:role/platform-ledger-role-0a1b2c3d", policies=(own,))
    expected = Expected(ledger=(ledger.title, own))

    def told(principal, expected):
        return survey(Account(teams, principals=(principal,)), place, load_catalogue(), expected)

    found = told(ledger, expected)
    assert (found.findings, found.by_design.keys()) == ((), {ledger.title})
    assert found.by_design[ledger.title].startswith("the ledger of prepaid lanes")
    more = read_identity_policy("more", deployed_mutants.body(deployed_mutants.DATA))
    found = told(replace(ledger, policies=(own, more)), expected)
    assert [each.document for each in found.findings] == [f"policy more of {ledger.title}"]
    other = replace(ledger, arn="arn:aws:iam::123456789012:role/elsewhere")
    assert told(other, expected).findings, "nobody else is the ledger"


def test_a_teams_own_role_is_left_to_the_proof(found):
    assert found(deployed_mutants.who("role", "team1-x-role-0a1b2c3d", deployed_mutants.EVERYTHING)).principals == 0


def test_a_proof_does_not_stand_on_what_was_not_read(rendered, proof_of, place):
    proof = proof_of(list(rendered("team1").values()))
    assert proof.holds
    blind = with_account(
        proof, Account(TEAMS, unseen=("users: AWS refused it",), limits=("KMS",)), place, load_catalogue()
    )
    assert (blind.findings, blind.holds) == ((), False)
    assert blind.limits == (*proof.limits, "KMS")
    leaking = Account(TEAMS, principals=(LEAKS["user of everything"][0],))
    assert not with_account(proof, leaking, place, load_catalogue()).holds
