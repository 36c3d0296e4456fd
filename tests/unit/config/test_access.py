"""Whom a team's file lets in: what may stand there, and how a command changes it without touching the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.config.access import AccessFile, GithubFile, Workflows
from shared.config.edit_access import Change, checked, granted, revoked
from shared.config.problems import ConfigError
from shared.errors import LanesError

FILE = "teams/team2.yaml"
SLUGS = ("team1", "team2")
TEAM = """\
# A comment that stays.
team: team2
owner: "group2@example.edu"   # in quotes

names:  # only those that others already use
  bucket: cosmical
"""
CHANGES = [
    Change("users", "ann"),
    Change("permissionSets", "team2-students"),
    Change("github", {"repository": "uva/lanes", "environment": "team2"}),
    Change("github", {"repository": "uva@12/lanes@34", "branch": "main"}),
]


def grant(text, change):
    return granted(text, checked(text, FILE, SLUGS).access, change, FILE)


def revoke(text, change):
    return revoked(text, checked(text, FILE, SLUGS).access, change, FILE)


def test_what_tokens_of_a_repository_say():
    assert Workflows("uva/lanes", branch="main").subject == "repo:uva/lanes:ref:refs/heads/main"
    assert Workflows("uva@1/lanes@2", environment="team2").subject == "repo:uva@1/lanes@2:environment:team2"


@pytest.mark.parametrize("name", ["", "a*", "an?n", "${aws:username}", "ann bob", "a" * 65, "/ann", "ann/", "änn"])
def test_a_user_is_one_name(name):
    with pytest.raises(ValidationError):
        AccessFile.model_validate({"users": [name]})


@pytest.mark.parametrize(
    "told",
    [
        {"repository": "uva/lanes"},
        {"repository": "uva/lanes", "branch": "main", "environment": "team2"},
        {"repository": "uva/*", "branch": "main"},
        {"repository": "uva", "branch": "main"},
        {"repository": "uva@1/lanes", "branch": "main"},
        {"repository": "uva/lanes", "branch": "*"},
        {"repository": "uva/lanes", "branch": "refs/heads/main"},  # its claim would be refs/heads/refs/heads/main
        {"repository": "uva/lanes", "environment": "a:ref:refs/heads/main"},
        {"repository": "uva/lanes:ref:refs/heads/x", "branch": "main"},
    ],
)
def test_workflows_are_those_of_one_branch_or_environment(told):
    with pytest.raises(ValidationError):
        GithubFile.model_validate(told)


@pytest.mark.parametrize("ending", ["\n", "", "\n\n# the end\n"])
def test_the_rest_of_the_file_stays_as_it_is(ending):
    before = TEAM.removesuffix("\n") + ending
    text = before
    for change in CHANGES:
        text = grant(text, change)
        assert text.startswith(before)
    access = checked(text, FILE, SLUGS).access.resolve()
    assert access.users == ("ann",)
    assert access.permission_sets == ("team2-students",)
    assert [each.subject for each in access.github] == [
        "repo:uva/lanes:environment:team2",
        "repo:uva@12/lanes@34:ref:refs/heads/main",
    ]
    for change in CHANGES:
        text = revoke(text, change)
    assert text.rstrip() == before.rstrip()


@given(st.lists(st.sampled_from(range(len(CHANGES))), unique=True), st.permutations(range(len(CHANGES))))
def test_grants_and_revokes_in_any_order_end_alike(given_first, order):
    text = TEAM
    for index in given_first:
        text = grant(text, CHANGES[index])
    for index in order:
        text = (revoke if index in given_first else grant)(text, CHANGES[index])
    access = checked(text, FILE, SLUGS).access.model_dump(by_alias=True, exclude_none=True)
    there = {str(Change(kind, entry)) for kind, entries in access.items() for entry in entries}
    assert there == {str(change) for index, change in enumerate(CHANGES) if index not in given_first}
    assert text.startswith(TEAM)


def test_a_file_whose_only_grant_is_taken_out_is_as_it_was():
    assert revoke(grant(TEAM, CHANGES[0]), CHANGES[0]) == TEAM


def test_a_part_in_the_middle_is_replaced_where_it_stands():
    text = TEAM.replace("names:", "access:\n  users: [ann]\n\n# about names\nnames:")
    assert grant(text, Change("users", "bob")) == text.replace("[ann]", "[ann, bob]")
    assert revoke(text, Change("users", "ann")) == text.replace("access:\n  users: [ann]\n", "")


def test_comments_inside_the_part_are_not_lost():
    text = TEAM + "access:\n  users:\n    - ann  # until May\n"
    with pytest.raises(LanesError, match="comments") as told:
        grant(text, Change("users", "bob"))
    assert told.value.where == f"{FILE}:7"


def test_who_is_in_is_not_let_in_again_and_who_is_not_is_named():
    text = grant(TEAM, CHANGES[0])
    with pytest.raises(LanesError, match="user ann is let in already"):
        grant(text, CHANGES[0])
    with pytest.raises(LanesError, match="user bob is not let in") as told:
        revoke(text, Change("users", "bob"))
    assert told.value.fix == "it lets in user ann"


@pytest.mark.parametrize(("user", "why"), [("team1-bob", "a user of team team1"), ("team2-eve", "by its name already")])
def test_names_of_teams_own_users_stay_theirs(user, why):
    with pytest.raises(ConfigError, match=why):
        checked(grant(TEAM, Change("users", user)), FILE, SLUGS)


def test_a_file_in_braces_is_left_alone():
    with pytest.raises(LanesError, match=r"teams/team2\.yaml: the file is written in braces"):
        grant("{team: team2, owner: a@example.edu}\n", CHANGES[0])
