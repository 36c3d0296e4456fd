"""Names of all slugs and components within their rules: never equal, never cut, and too long only with a problem."""

import re
from typing import get_args

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.config.lane import Place
from shared.config.naming import CONTAINER_LOGS, FUNCTION_LOGS, MACHINE_LOGS, KindName, is_account_regional
from shared.config.naming_file import read_naming
from shared.config.problems import Problems

PLACE = Place("123456789012", "us-east-1", "dev")
KINDS = st.sampled_from(get_args(KindName))
SLUGS = st.from_regex(r"[a-z][a-z0-9]{1,11}", fullmatch=True)
WORDS = st.text(alphabet="abZ09", min_size=1, max_size=30)
COMPONENTS = st.lists(WORDS, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from("-_").map(lambda separator: separator.join(words))
)


@pytest.fixture(scope="module")
def naming(repository):
    problems = Problems()
    found = read_naming(repository, problems)
    problems.finish()
    return found


def pairs(strategy):
    return st.tuples(strategy, strategy)


def make(naming, kind, slug, component, digest=None):
    return naming.make(kind, component, team=slug, place=PLACE, digest=digest or naming.hash.make(slug, PLACE))


@settings(deadline=None, max_examples=200)
@given(pairs(KINDS), pairs(SLUGS), pairs(COMPONENTS))
@example(("role", "role"), ("k3", "k3k"), ("k-s", "s"))
@example(("function", "function"), ("team1", "team10"), ("0-x", "x"))
@example(("functionLogGroup", "stateMachineLogGroup"), ("aa", "ab"), ("x", "x"))
def test_two_teams_never_have_one_name(naming, kinds, slugs, components):
    assume(slugs[0] != slugs[1])
    digest = "7078ea12"  # one suffix for both: the slugs alone must do
    one, other = (make(naming, *parts, digest) for parts in zip(kinds, slugs, components, strict=True))
    assert naming.identity(one) != naming.identity(other)
    assert one.value.lower() != other.value.lower()


@settings(deadline=None, max_examples=200)
@given(KINDS, SLUGS, COMPONENTS, COMPONENTS)
def test_two_components_of_a_team_never_have_one_name_unless_case_is_ignored(naming, kind, slug, component, other):
    one, two = make(naming, kind, slug, component), make(naming, kind, slug, other)
    ignored = naming.kinds[kind].ignore_case
    assert (naming.identity(one) == naming.identity(two)) == (
        (component.lower() == other.lower()) if ignored else component == other
    )


@settings(deadline=None, max_examples=200)
@given(KINDS, SLUGS, COMPONENTS)
def test_a_name_is_whole_and_within_its_limit_or_a_problem(naming, kind, slug, component):
    name = make(naming, kind, slug, component)
    rule = naming.kinds[kind]
    assert slug in name.value
    assert component in name.value
    assert name.value.endswith(naming.hash.make(slug, PLACE))
    problems = naming.name_problems(name)
    if not rule.length[0] <= len(name.value) <= rule.length[1]:
        assert any("characters, not" in problem for problem in problems)
    if not problems:
        assert rule.length[0] <= len(name.value) <= rule.length[1]
        assert re.fullmatch(rule.characters, name.value)


@settings(deadline=None)
@given(SLUGS, SLUGS)
def test_a_slug_and_its_separator_start_no_other_teams_names(naming, slug, other):
    for kind in naming.kinds.values():
        head = kind.template.partition("{component}")[0]
        assert head.format(team=other).startswith(head.format(team=slug)) == (slug == other)


def test_the_hash_is_of_the_place_and_the_team(naming):
    # sha256sum of 123456789012/us-east-1/dev/team3, its first 8 digits
    assert naming.hash.make("team3", PLACE) == "575f674b"
    elsewhere = [Place("123456789013", "us-east-1", "dev"), Place("123456789012", "eu-west-1", "dev")]
    elsewhere += [Place("123456789012", "us-east-1", "prod")]
    assert len({naming.hash.make("team3", place) for place in [PLACE, *elsewhere]}) == 4


def test_the_names_of_log_groups_begin_as_policies_say(naming):
    kinds = {
        "functionLogGroup": FUNCTION_LOGS,
        "stateMachineLogGroup": MACHINE_LOGS,
        "containerLogGroup": CONTAINER_LOGS,
    }
    assert {kind: naming.kinds[kind].fixed_prefix for kind in kinds} == kinds


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        *[("bucket", 63), ("role", 64), ("policy", 128), ("function", 64), ("stateMachine", 80), ("table", 255)],
        *[("repository", 256), ("rule", 64), ("scheduleGroup", 64), ("secret", 512), ("schema", 63)],
        *[("functionLogGroup", 512), ("stateMachineLogGroup", 512), ("parameter", 1011)],
    ],
)
def test_awss_limit_is_the_last_length_taken(naming, kind, length):
    room = length - len(make(naming, kind, "aa", "").value)
    assert naming.name_problems(make(naming, kind, "aa", "x" * room)) == []
    assert any(
        f"{length + 1} characters" in p for p in naming.name_problems(make(naming, kind, "aa", "x" * (room + 1)))
    )


def test_reserved_beginnings_and_ends_are_problems(naming):
    taken = naming.make("bucket", "data", team="sthree", place=PLACE, digest="00000000")
    assert any("starts with 'sthree-'" in problem for problem in naming.name_problems(taken))
    ending = naming.make("bucket", "data", team="aa", place=PLACE, digest="0-s3alias")
    assert any("ends in '-s3alias'" in problem for problem in naming.name_problems(ending))


@pytest.mark.parametrize(
    "ending", ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an", "-123456789012-us-east-1-an"]
)
def test_no_bucket_of_the_usual_template_ends_as_aws_keeps_for_itself(naming, ending):
    name = naming.make("bucket", "data", team="aa", place=PLACE, digest=f"0{ending}")
    assert any("which is reserved" in problem for problem in naming.name_problems(name))


BUCKET = 'bucket:\n    template: "{template}"'
USUAL = "{team}-{component}-{hash}"
ACCOUNT_REGIONAL = "{team}-{component}-{hash}-{account}-{region}-an"


def test_a_template_may_name_buckets_of_the_accounts_own(files):
    files.team("alpha")
    files.edit("naming.yaml", BUCKET.format(template=USUAL), BUCKET.format(template=ACCOUNT_REGIONAL))
    bucket = files.load().teams["alpha"].bucket
    assert bucket.endswith("-123456789012-us-east-1-an")
    assert is_account_regional(bucket, "123456789012", "us-east-1")
    assert not is_account_regional(bucket, "123456789013", "us-east-1")
    assert not is_account_regional(bucket, "123456789012", "us-east-2")


def test_the_accounts_own_names_need_no_hash_and_no_other_template_may_end_as_they_do(files):
    files.team("alpha")
    plain = "{team}-{component}-{account}-{region}-an"
    files.edit("naming.yaml", BUCKET.format(template=USUAL), BUCKET.format(template=plain))
    assert files.load().teams["alpha"].bucket == "alpha-data-123456789012-us-east-1-an"
    files.edit("naming.yaml", BUCKET.format(template=plain), BUCKET.format(template="{team}-{component}-{hash}-an"))
    assert any("ends in '-an', which is reserved" in problem for problem in files.problems())
