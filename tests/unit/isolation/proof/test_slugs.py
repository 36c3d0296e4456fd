"""The slug lemma, four ways: its argument, a search of short slugs, hypothesis, and z3 where it is installed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.lane import Place
from shared.config.load import load_project
from shared.config.naming import MANAGER
from shared.iam.globs import contains, intersect
from shared.isolation.proof.names.slugs import clashing_heads, parse_rule, search_collision, separators_inside
from shared.isolation.proof.names.territory import SEPARATORS, Territory, heads, templates_outside
from tests.helpers.project import REPOSITORY

RULE = "[a-z][a-z0-9]{1,11}"
PLACE = Place("123456789012", "us-east-1", "dev")
SLUGS = st.from_regex(RULE, fullmatch=True).filter(lambda slug: slug != MANAGER)


def test_the_rule_is_read():
    rule = parse_rule(RULE)
    assert rule.first == frozenset("abcdefghijklmnopqrstuvwxyz")
    assert rule.rest == rule.first | frozenset("0123456789")
    assert rule.allows("a1")
    assert not any(rule.allows(text) for text in ("", "a", "1a", "a-", "A1", "a" * 13))
    assert parse_rule("[a-z-][-a]{0,3}").letters >= {"-", "a"}


@pytest.mark.parametrize("rule", ["", "[a-z]+", ".*", "[^-][a-z]{1,2}", r"[\w][a-z]{1,2}", "[a-z][a-z0-9]*"])
def test_a_rule_of_another_form_is_not_taken_for_shown(rule):
    with pytest.raises(ValueError, match="of the form"):
        parse_rule(rule)


@given(SLUGS)
def test_the_rule_allows_what_its_pattern_matches(slug):
    assert parse_rule(RULE).allows(slug)


@pytest.mark.parametrize(
    ("rule", "collides"), [(RULE, False), ("[a-z][a-z0-9-]{1,11}", True), ("[a-z][/a-z]{0,4}", True)]
)
def test_the_search_finds_what_the_argument_says(rule, collides):
    parsed = parse_rule(rule)
    assert bool(separators_inside(parsed, SEPARATORS)) is collides
    assert (search_collision(parsed, SEPARATORS) is not None) is collides


def test_kinds_of_arn_do_not_reach_into_each_other():
    assert clashing_heads(parse_rule(RULE), heads(PLACE), frozenset({MANAGER})) == []
    reached = [long.rpartition(":")[2] for _, long in clashing_heads(parse_rule(RULE), heads(PLACE))]
    assert reached == ["parameter/teamlanes/dev/"]  # the records' folder: no team may be called so
    assert MANAGER in load_project(REPOSITORY).naming.slug.reserved


@pytest.mark.parametrize(
    ("kinds", "reserved", "clash"),
    [
        ((("rule/", "-"), ("rule/bus-", "-")), frozenset(), True),  # a team called bus
        ((("rule/", "-"), ("rule/bus-", "-")), frozenset({"bus"}), False),
        ((("rule/", "-"), ("rule/bus", "-")), frozenset(), True),  # a team called bus and more
        ((("rule/", "-"), ("rule/bus/", "-")), frozenset(), False),  # no separator of the first kind
        ((("rule/", "-"), ("rule/B-", "-")), frozenset(), False),  # no slug
    ],
)
def test_a_fixed_word_where_a_slug_could_stand_is_found(kinds, reserved, clash):
    assert bool(clashing_heads(parse_rule(RULE), kinds, reserved)) is clash


@given(SLUGS, SLUGS)
def test_no_territory_meets_another(one, other):
    a, b = Territory(one, PLACE).patterns, Territory(other, PLACE).patterns
    assert any(intersect(p, q) for p in a for q in b) is (one == other)


@given(SLUGS, SLUGS)
def test_a_territory_holds_its_own_and_no_other(one, other):
    mine = Territory(one, PLACE)
    assert all(mine.holds(pattern) for pattern in mine.patterns)
    if one != other:
        assert not any(mine.holds(pattern) for pattern in Territory(other, PLACE).patterns)
        assert not contains(mine.principals, Territory(other, PLACE).principals[0])


def test_templates_outside_own_names_are_found():
    good = {"role": "{team}-{component}-{hash}", "parameter": "/{team}/{component}", "schema": "{team}_{component}"}
    assert templates_outside(good, PLACE) == []
    assert templates_outside({"role": "x-{team}-{component}", "kite": "{team}-{component}"}, PLACE) == ["role", "kite"]


class TestByZ3:
    """A third look at the lemma by a solver that knows nothing of our automata. For development only."""

    @pytest.fixture
    def z3(self):
        return pytest.importorskip("z3", reason="z3-solver is not installed: the exhaustive search stands alone")

    @staticmethod
    def collision(z3, separators, letters="a-z0-9"):
        """Ask for two different slugs and a name that begins with each and a separator."""

        def characters(classes):
            ranges = [z3.Range(part[0], part[2]) if part[1:2] == "-" else z3.Re(part) for part in classes]
            return ranges[0] if len(ranges) == 1 else z3.Union(*ranges)

        rest = characters([letters[i : i + 3] for i in range(0, len(letters), 3)])
        slug = z3.Concat(z3.Range("a", "z"), z3.Loop(rest, 1, 11))
        solver = z3.Solver()
        solver.set("timeout", 20_000)
        name, one, other, tail, other_tail = z3.Strings("name one other tail other_tail")
        solver.add(z3.InRe(one, slug), z3.InRe(other, slug), z3.Length(one) < z3.Length(other))
        choices = [z3.StringVal(separator) for separator in separators]
        solver.add(z3.Or(*[name == z3.Concat(one, choice, tail) for choice in choices]))
        solver.add(z3.Or(*[name == z3.Concat(other, choice, other_tail) for choice in choices]))
        return solver.check()

    def test_no_two_slugs_share_a_name(self, z3):
        assert self.collision(z3, SEPARATORS) == z3.unsat

    def test_it_can_find_one_when_there_is(self, z3):
        # Else "unsat" would mean nothing: a universe too small makes every leak unsatisfiable.
        assert self.collision(z3, SEPARATORS, letters="a-z0-9-") == z3.sat

    def test_its_universe_has_digits_and_colons(self, z3):
        solver = z3.Solver()
        text = z3.String("text")
        solver.add(
            z3.PrefixOf("arn:aws:s3:::team1-", text), z3.InRe(text, z3.Star(z3.AllChar(z3.ReSort(z3.StringSort()))))
        )
        assert solver.check() == z3.sat
