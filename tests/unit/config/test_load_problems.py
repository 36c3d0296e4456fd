"""Mistakes in each place of each file: all are told at once, each with its line."""

import pytest

from shared.config.problems import ConfigError

# One line of a team's file, and the problem it makes. Line 1 is `team:`, line 2 `owner:`, these come from line 3.
WRONG = {
    "unknown key": ("memorysize: 3\n", "teams/alpha.yaml:3: unknown key 'memorysize' (known: "),
    "unknown key, nested": (
        "provider:\n  memorysize: 3\n",
        "teams/alpha.yaml:4: unknown key 'provider.memorysize' (did you mean 'memorySize'?)",
    ),
    "unknown workflow": (
        "workflows:\n  star:\n",
        "teams/alpha.yaml:4: unknown workflow 'star' (did you mean 'stars'?)",
    ),
    "unknown parameter": (
        "workflows:\n  stars:\n    wrld_size: 1\n",
        "teams/alpha.yaml:5: unknown parameter 'wrld_size' of stars (did you mean 'world_size'?)",
    ),
    "unknown function": (
        "workflows: {stars: }\nfunctions:\n  stars-cont: {}\n",
        "teams/alpha.yaml:5: unknown function 'stars-cont' (did you mean 'stars-count'?)",
    ),
    "another's function": (
        "functions:\n  stars-count: {}\n",
        "teams/alpha.yaml:4: the function 'stars-count' belongs to stars, which the team does not run (add stars under",
    ),
    "name of no function": (
        "workflows: {stars: }\nnames:\n  functions: {stars-cont: x}\n",
        "teams/alpha.yaml:5: unknown function 'stars-cont' (did you mean",
    ),
    "name of no workflow": (
        "names:\n  stateMachines: {stars: x}\n",
        "teams/alpha.yaml:4: the team does not run 'stars'",
    ),
    "world size 0": (
        "workflows:\n  stars: {world_size: 0}\n",
        "teams/alpha.yaml:4: world_size is 0, not 1 to 100",
    ),
    "world size abc": (
        "workflows:\n  stars:\n    world_size: abc\n",
        'teams/alpha.yaml:5: world_size is "abc", not a whole number',
    ),
    "an empty prefix": (
        "workflows: {stars: {prefix: ''}}\n",
        'teams/alpha.yaml:3: prefix is "", less than 1 characters',
    ),
    "no choice": ("workflows: {stars: {band: z}}\n", 'teams/alpha.yaml:3: band is "z", not one of "u", "g", "r"'),
    "memory": ("provider:\n  memorySize: 64\n", "teams/alpha.yaml:4: provider.memorySize is 64, not 128 to 10240"),
    "memory as text": (
        "provider:\n  memorySize: 1 GB\n",
        "teams/alpha.yaml:4: provider.memorySize is '1 GB', not a whole number",
    ),
    "timeout": (
        "workflows: {stars: }\nfunctions:\n  stars-count:\n    timeout: 901\n",
        "teams/alpha.yaml:6: functions.stars-count.timeout is 901, not 1 to 900",
    ),
    "concurrency": (
        "workflows: {stars: }\nfunctions:\n  stars-count: {reservedConcurrency: 901}\n",
        "teams/alpha.yaml:4: all teams reserve 901 concurrent executions (alpha 901); 900 are there",
    ),
    "retention": (
        "provider:\n  logRetentionInDays: 31\n",
        "teams/alpha.yaml:4: provider.logRetentionInDays is 31: it must be one of 1, 3, 5,",
    ),
    "own tag": ("provider:\n  tags: {team: x}\n", "teams/alpha.yaml:4: the tag 'team' is set by deployment"),
    "own variable": (
        "provider:\n  environment:\n    BUCKET: theirs\n",
        "teams/alpha.yaml:5: the variable 'BUCKET' is set by deployment or by Lambda",
    ),
    "Lambda's variable": (
        "provider: {environment: {AWS_REGION: mars}}\n",
        "teams/alpha.yaml:3: the variable 'AWS_REGION' is set by",
    ),
    "large environment": (
        f"workflows: {{stars: }}\nprovider: {{environment: {{LONG: {'x' * 4096}}}}}\n",
        "teams/alpha.yaml:1: the environment of stars-count takes 41",
    ),
    "numeric suffix": ("suffix: 12345678\n", "teams/alpha.yaml:3: suffix is 12345678, not text (put it in quotes)"),
    "short suffix": ("suffix: abc\n", "teams/alpha.yaml:3: the suffix 'abc' is not 8 digits of 0-9 and a-f"),
    "upper-case bucket": (
        "names:\n  bucket: Mine\n",
        "teams/alpha.yaml:4: the bucket name 'alpha-Mine-",
    ),
    "component with a slash": (
        "names:\n  bucket: a/b\n",
        "teams/alpha.yaml:4: the component 'a/b' of a bucket name does not match",
    ),
    "a name of 65 characters": (
        f"workflows: {{stars: }}\nnames:\n  functions:\n    stars-count: {'x' * 50}\n",
        f"teams/alpha.yaml:6: the function name 'alpha-{'x' * 50}-",
    ),
    "rendezvous endpoint": (
        "rendezvous:\n  endpoint: nowhere\n",
        "teams/alpha.yaml:4: rendezvous.endpoint is 'nowhere'",
    ),
    "rendezvous never degraded": (
        "rendezvous:\n  degradedAfter: 9\n",
        "teams/alpha.yaml:4: rendezvous.degradedAfter is 9, not less than the timeout of 5",
    ),
    "a budget below nothing": (
        "budget: {monthlyUSD: -1}\n",
        "teams/alpha.yaml:3: budget.monthlyUSD is -1",
    ),
    "a budget told to no address": (
        "budget:\n  monthlyUSD: 5\n  notify: [owner]\n",
        "teams/alpha.yaml:5: budget.notify.0 is 'owner'",
    ),
    "a list for a mapping": ("functions: [a]\n", "teams/alpha.yaml:3: functions is ['a'], not a mapping"),
    "a key twice": (
        "provider: {}\nprovider: {}\n",
        "teams/alpha.yaml:4: the key 'provider' is given twice, first on line 3",
    ),
    "malformed": ("provider: {\n", "teams/alpha.yaml:4: this is not YAML: while parsing a flow"),
    "tab": ("provider:\n\ttimeout: 3\n", "teams/alpha.yaml:4: this is not YAML: while scanning for the next token"),
    "alias": (
        "provider: &a {}\nnames: *a\n",
        "teams/alpha.yaml:4: this is not YAML: an alias (*name) is not read here",
    ),
    "a Python tag": (
        "names: !!python/name:os.system\n",
        "teams/alpha.yaml:3: this is not YAML: could not determine a con",
    ),
    "too deep": ("names:\n  " + 20_000 * "- " + "\n", "teams/alpha.yaml:1: it is nested too deeply"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_line(files, case):
    text, expected = WRONG[case]
    files.team("alpha", text)
    assert any(problem.startswith(expected) for problem in files.problems()), files.problems()


def test_a_part_that_cannot_be_read_hides_no_other_problem(files):
    files.team("alpha", "budget: {monthlyUSD: much, notify: [me]}\nworkflows: {moons: }\nsuffix: xyz\n")
    problems = "\n".join(files.problems())
    for said in ("monthlyUSD is 'much'", "notify.0 is 'me'", "unknown workflow 'moons'", "suffix 'xyz'"):
        assert said in problems


def test_a_name_of_exactly_the_limit_is_taken_and_one_more_is_not(files):
    room = 64 - len("alpha--12345678")
    text = 'suffix: "12345678"\nworkflows: {{stars: }}\nnames: {{functions: {{stars-count: {} }}}}\n'
    files.team("alpha", text.format("x" * room))
    assert len(files.load().lane("alpha").functions["stars-count"].name) == 64
    files.team("alpha", text.format("x" * (room + 1)))
    assert any("has 65 characters, not 1 to 64" in problem for problem in files.problems())


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("two-parts", "the slug 'two-parts' does not match"),
        ("a", "the slug 'a' does not match"),
        ("abcdefghijklm", "the slug 'abcdefghijklm' does not match"),
        ("9lives", "the slug '9lives' does not match"),
        ("aws", "the slug 'aws' is reserved"),
        ("sthree", "the slug 'sthree' is reserved"),
    ],
)
def test_a_slug_that_cannot_be_is_told_on_its_line(files, slug, expected):
    files.team(slug)
    assert any(problem.startswith(f"teams/{slug}.yaml:1: {expected}") for problem in files.problems())


def test_a_team_in_another_case_is_a_duplicate(files):
    files.team("alpha")
    files.write("teams/beta.yaml", "team: Alpha\nowner: someone\n")
    problems = files.problems()
    assert "teams/beta.yaml:1: the team 'Alpha' is also in teams/alpha.yaml" in "\n".join(problems)
    assert any("does not match [a-z]" in problem for problem in problems)


def test_a_wrong_slug_is_told_once_and_not_again_by_each_of_its_names(files):
    files.team("Alpha", "workflows: {stars: }\n")
    (problem,) = files.problems()
    assert problem.startswith("teams/Alpha.yaml:1: the slug 'Alpha' does not match")


def test_two_teams_with_one_suffix_are_told(files):
    files.team("alpha", "suffix: 7078ea12\n")
    files.team("beta", "provider: {}\nsuffix: 7078ea12\n")
    (problem,) = files.problems()
    assert problem.startswith("teams/beta.yaml:4: the suffix '7078ea12' is also that of alpha (teams/alpha.yaml)")


def test_two_names_of_one_team_that_are_equal_are_told(files):
    files.team("alpha", "workflows: {stars: }\nnames:\n  functions: {stars-count: same, stars-add-up: same}\n")
    assert any("would both be named 'alpha-same-" in problem for problem in files.problems())


def test_roles_that_differ_in_case_alone_are_one_to_iam(files):
    files.team("alpha", "workflows: {stars: }\nnames:\n  stateMachineRoles: {stars: STARS-count-role}\n")
    (problem,) = files.problems()
    assert problem.startswith("teams/alpha.yaml:3: role stars-count-role and role STARS-count-role of alpha")


def test_two_workflows_whose_functions_have_one_key_are_told(files):
    files.write(
        "statemachines/stars-add.yaml",
        "description: x\nfunctions: {up: {handler: shared.handlers.stars.count.handler}}\n",
    )
    files.write("statemachines/stars-add.asl.json", "{}")
    files.team("alpha", "workflows:\n  stars:\n  stars-add:\n")
    assert any("both have a function 'stars-add-up'" in problem for problem in files.problems())


def test_every_problem_of_every_file_comes_at_once(files):
    files.team("alpha", "wrkflows: {}\nprovider: {timeout: 0}\nworkflows: {stars: {world_size: 0, prefix: 3}}\n")
    files.write("teams/beta.yaml", "team: beta\nworkflows: {moon: {}}\n")
    files.write("teams/gamma.yaml", "team: [\n")
    files.write("teams/delta.yml", "team: delta\n")
    files.write("teams/empty.yaml", "")
    files.edit("statemachines/stars.asl.json", "${deep}", "${depe}")
    assert [problem.split(": ")[0] for problem in files.problems()] == [
        "statemachines/stars.asl.json:9",
        "statemachines/stars.asl.json:11",
        "teams/alpha.yaml:3",
        "teams/alpha.yaml:4",
        "teams/beta.yaml:1",
        "teams/beta.yaml:2",
        "teams/delta.yml:1",
        "teams/empty.yaml:1",
        "teams/empty.yaml:1",
        "teams/gamma.yaml:2",
    ]


def test_broken_shared_files_hide_nothing_of_the_teams(files):
    files.edit("naming.yaml", "digits: 8", "digits: many")
    files.edit("shared/settings.yaml", 'account: "123456789012"', "account: 123456789012")
    files.team("alpha", "workflows: {stars: {world_size: 0}}\nnope: 1\n")
    assert [problem.split(": ")[0] for problem in files.problems()] == [
        "naming.yaml:15",
        "shared/settings.yaml:3",
        "teams/alpha.yaml:3",
        "teams/alpha.yaml:4",
    ]


def test_the_file_and_the_team_must_have_one_name(files):
    files.write("teams/beta.yaml", "team: alpha\nowner: someone\n")
    assert files.problems() == ["teams/beta.yaml:1: the file is called beta.yaml, the team 'alpha' (make them one)"]


def test_the_error_counts_and_exits_1(files):
    files.team("alpha", "a: 1\nb: 2\n")
    with pytest.raises(ConfigError) as caught:
        files.load()
    assert str(caught.value).startswith("2 problems in the project's files:\n  teams/alpha.yaml:3: ")
    assert caught.value.exit_code == 1


def test_missing_shared_files_are_told(files):
    (files.root / "shared/settings.yaml").unlink()
    assert files.problems() == ["shared/settings.yaml:1: there is no such file"]


def test_a_file_that_is_not_utf8_is_told(files):
    (files.root / "teams").mkdir()
    (files.root / "teams/alpha.yaml").write_bytes(b"team: alpha\nowner: \xff\n")
    assert files.problems()[0].startswith("teams/alpha.yaml:1: it cannot be read")
