"""Names under hypothesis: no two teams' names are equal, none is cut, and one that is too long is a problem."""

import string
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.config.lane import Place
from shared.config.naming_file import read_naming
from shared.config.problems import Problems
from shared.isolation.proof.names.territory import Territory, templates_outside

PLACE = Place("123456789012", "us-east-1", "dev")
NAMING = read_naming(Path(__file__).parents[2], Problems())
assert NAMING
LOWER = string.ascii_lowercase
# Few letters, so that slugs begin each other; hypothesis is slow on regular expressions.
SLUGS = st.builds(str.__add__, st.sampled_from("abk"), st.text("ab1k", min_size=1, max_size=11))
COMPONENTS = st.lists(st.text(LOWER + "AB01", min_size=1, max_size=20), min_size=1, max_size=5).map("-".join)
KINDS = st.sampled_from(sorted(NAMING.kinds))
HASHES = st.text("0123456789abcdef", min_size=NAMING.hash.digits, max_size=NAMING.hash.digits)
NAMES = st.tuples(KINDS, COMPONENTS, HASHES)


def name(kind, component, team, digest):
    return NAMING.make(kind, component, team=team, place=PLACE, digest=digest)


@given(SLUGS, SLUGS, NAMES, NAMES)
def test_two_teams_never_have_one_name(one, other, first, second):
    assume(one != other)
    (kind, component, digest), (second_kind, second_component, second_digest) = first, second
    mine = NAMING.identity(name(kind, component, one, digest))
    assert mine != NAMING.identity(name(second_kind, second_component, other, second_digest))
    # Not even when both fixed the same suffix and component in their files.
    assert mine != NAMING.identity(name(kind, component, other, digest))


@given(SLUGS, NAMES)
def test_a_name_is_whole_and_within_limits_or_refused(team, parts):
    kind, component, digest = parts
    made = name(kind, component, team, digest)
    low, high = NAMING.kinds[kind].length
    assert all(part in made.value for part in (team, component, digest))
    if not NAMING.name_problems(made):
        assert low <= len(made.value) <= high
    if len(made.value) > high:
        assert any(str(len(made.value)) in problem for problem in NAMING.name_problems(made))


@given(SLUGS, SLUGS, COMPONENTS, HASHES)
def test_a_teams_names_lie_in_its_territory_alone(team, other, component, digest):
    assume(team != other)
    arns = [
        PLACE.arn("s3", name("bucket", component, team, digest).value),
        PLACE.arn("iam", f"role/{name('role', component, team, digest).value}"),
        PLACE.arn("lambda", f"function:{name('function', component, team, digest).value}"),
        PLACE.arn("states", f"stateMachine:{name('stateMachine', component, team, digest).value}"),
        PLACE.arn("logs", f"log-group:{name('functionLogGroup', component, team, digest).value}"),
        PLACE.arn("ecr", f"repository/{name('repository', component, team, digest).value}"),
        PLACE.arn("ssm", f"parameter{name('parameter', component, team, digest).value}"),
    ]
    assert all(Territory(team, PLACE).holds(arn) for arn in arns)
    assert not any(Territory(other, PLACE).holds(arn) for arn in arns)


def test_every_template_makes_names_in_the_teams_territory():
    assert templates_outside({kind: rule.template for kind, rule in NAMING.kinds.items()}, PLACE) == []


@given(SLUGS, SLUGS)
def test_two_teams_have_two_hashes(one, other):
    assume(one != other)
    assert NAMING.hash.make(one, PLACE) != NAMING.hash.make(other, PLACE)


@pytest.mark.parametrize("slug", ["team-1", "Team1", "1team", "a", "a" * 13, "lanes", "platform", "aws", "té", ""])
def test_a_slug_that_could_be_misread_is_refused(slug):
    assert NAMING.slug_problems(slug)
