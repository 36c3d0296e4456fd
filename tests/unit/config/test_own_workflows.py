"""Teams' own workflows: each team has its own, lends it, and changes it without touching anybody else."""

import pytest
import yaml

from shared.config.load import load_project
from shared.config.problems import ConfigError
from shared.config.show import resolved
from shared.config.template import render_definition

TEMPLATE = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${count}", "End": true}}}'
CODE = "def handler(event, context):\n    return event\n"


@pytest.fixture
def own(files):
    """Return a function that writes a team's own workflow of one step."""

    def write(team, key="word-count", card="", step="{handler: count.handler}"):
        folder = f"teams/{team}/{key}"
        files.write(f"{folder}/workflow.yaml", f"description: Counts.\n{card}functions: {{count: {step}}}\n")
        files.write(f"{folder}/workflow.asl.json", TEMPLATE)
        files.write(f"{folder}/count.py", CODE)

    return write


def test_two_teams_have_each_their_own_word_count(files, own):
    for team in ("alpha", "beta"):
        files.team(team)
        own(team)
    project = files.load()
    alpha, beta = project.lane("alpha"), project.lane("beta")
    for lane in (alpha, beta):
        workflow = lane.workflows["word-count"]
        assert (workflow.owner, workflow.folder) == (lane.team, files.root / f"teams/{lane.team}/word-count")
        assert lane.functions["word-count-count"].name.startswith(f"{lane.team}-word-count-count-")
        assert lane.functions["word-count-count"].handler == "count.handler"
        states = render_definition(lane, "word-count")["States"]
        assert states["A"]["Resource"] == lane.function_arn("word-count-count")
    assert project.card("alpha", "word-count") is not project.card("beta", "word-count")


def test_a_machine_that_the_card_starts_is_a_placeholder_of_the_template(files, own):
    files.team("alpha", "workflows: {stars: }\n")
    own("alpha", card="uses: {workflows: [stars]}\n")
    files.write("teams/alpha/word-count/workflow.asl.json", TEMPLATE.replace("${count}", "${stars}"))
    lane = files.load().lane("alpha")
    assert render_definition(lane, "word-count")["States"]["A"]["Resource"] == lane.state_machine_arn("stars")
    own("alpha", card="uses: {workflows: [stars]}\ntables: {stars: {key: name}}\n")
    assert "'stars' would be two placeholders of the template" in files.problems()[0]


def test_a_folder_that_changes_changes_no_other_teams_lane(files, own):
    for team in ("alpha", "beta", "gamma"):
        files.team(team, "workflows: {stars: }\n")
        own(team)
    before = files.load()
    own("alpha", card="tables: {totals: {key: word}}\n", step="{handler: count.handler, memorySize: 512}")
    after = files.load()
    assert after.lane("alpha") != before.lane("alpha")
    for team in ("beta", "gamma"):
        assert after.lane(team) == before.lane(team)
        assert render_definition(after.lane(team), "word-count") == render_definition(before.lane(team), "word-count")


def test_what_is_wrong_in_a_teams_folder_stops_that_team_alone(files, own):
    for team in ("alpha", "beta"):
        files.team(team)
        own(team)
    files.write("teams/alpha/word-count/requirements.txt", "no requirement\n")
    assert load_project(files.root, ["beta"]).lane("beta").workflows
    for teams in ([], ["alpha"], ["alpha", "beta"]):
        with pytest.raises(ConfigError, match=r"teams/alpha/word-count/requirements.txt:1: this is no requirement"):
            load_project(files.root, teams)
    files.write("teams/alpha.yaml", "team: beta\nowner: alpha@example.edu\n")  # beta's names could be meant
    with pytest.raises(ConfigError):
        load_project(files.root, ["beta"])


def test_a_borrower_is_stopped_by_what_it_borrows_alone(files, own):
    files.team("alpha")
    files.team("beta", "workflows: {alpha/word-count: }\n")
    own("alpha", card="share: all\n")
    own("alpha", "other")
    files.write("teams/alpha/other/workflow.asl.json", "{")
    assert load_project(files.root, ["beta"]).lane("beta").workflows
    files.write("teams/alpha/word-count/workflow.asl.json", "{")
    with pytest.raises(ConfigError, match="something is wrong with the workflow 'alpha/word-count'"):
        load_project(files.root, ["beta"])
    files.team("gamma")
    assert load_project(files.root, ["gamma"]).lane("gamma")  # which has nothing to do with either
    own("alpha")  # no longer shared
    with pytest.raises(ConfigError, match="unknown workflow 'alpha/word-count'"):
        load_project(files.root, ["beta"])
    assert load_project(files.root, ["gamma"]).lane("gamma")


def test_a_folder_that_is_a_link_is_told(files, own):
    own("_elsewhere")
    for team in ("alpha", "beta"):
        files.team(team)
    (files.root / "teams/alpha").symlink_to("_elsewhere")
    (files.root / "teams/beta").mkdir()
    (files.root / "teams/beta/word-count").symlink_to("../_elsewhere/word-count")
    assert [problem.partition(" (")[0] for problem in files.problems()] == [
        "teams/alpha:1: the folder is a link",
        "teams/beta/word-count:1: the folder is a link",
    ]


def test_what_should_be_a_list_is_told_as_one(files, own):
    files.team("alpha")
    own("alpha", card="topics: {done: }\n", step="{handler: count.handler, uses: {topics: done}}")
    (problem,) = files.problems()
    assert problem.endswith("functions.count.uses.topics is 'done', not a list (write [done])")


def test_a_module_called_as_one_of_pythons_own_is_told(files, own):
    files.team("alpha")
    own("alpha")
    for name in ("queue.py", "json/__init__.py", "inner/json.py"):
        files.write(f"teams/alpha/word-count/{name}", CODE)
    assert [problem.partition(" is ")[0] for problem in files.problems()] == [
        "teams/alpha/word-count/json/__init__.py:1: json",
        "teams/alpha/word-count/queue.py:1: queue",
    ]


@pytest.mark.parametrize("share", ["all", "[beta]"])
def test_a_borrower_runs_the_workflow_under_its_key_with_names_of_its_own(files, own, share):
    card = f"share: {share}\nparameters: {{n: {{type: integer, default: 1, description: x}}}}\n"
    files.team("alpha")
    own("alpha", card=card)
    files.team("beta", "workflows: {alpha/word-count: {n: 2}}\nfunctions: {word-count-count: {memorySize: 1024}}\n")
    project = files.load()
    workflow = project.lane("beta").workflows["word-count"]
    assert (workflow.owner, workflow.parameters, workflow.file) == (
        "alpha",
        {"n": 2},
        "teams/alpha/word-count/workflow.asl.json",
    )
    assert workflow.name.startswith("beta-word-count-")
    assert project.lane("beta").functions["word-count-count"].memory_mb == 1024
    assert project.lane("alpha").workflows["word-count"].parameters == {"n": 1}
    assert project.card("beta", "word-count").owner == "alpha"


def test_a_workflow_that_is_lent_and_not_run_hides_no_own_one(files, own):
    for team in ("alpha", "beta"):
        files.team(team)
        own(team, card="share: all\n")
    project = files.load()
    assert project.card("beta", "word-count").owner == "beta"


def test_what_is_not_lent_is_not_known(files, own):
    files.team("alpha")
    own("alpha")
    files.team("beta", "workflows: {alpha/word-count: }\n")
    assert files.problems() == ["teams/beta.yaml:3: unknown workflow 'alpha/word-count' (known: stars)"]


def test_the_line_of_a_name_that_is_too_long_is_that_of_the_borrowed_workflow(files, own):
    key = "-".join(["word"] * 12)
    files.team("alpha")
    own("alpha", key, card="share: all\n")
    files.team("beta", f"workflows:\n  stars:\n  alpha/{key}:\n")
    assert {problem.partition(": ")[0] for problem in files.problems()} == {"teams/alpha.yaml:1", "teams/beta.yaml:5"}


def test_a_workflow_starts_only_what_its_team_runs(files, own):
    files.team("alpha", "workflows: {stars: }\n")
    own("alpha", card="share: all\n", step="{handler: count.handler, uses: {workflows: [stars, word-count]}}")
    files.load()
    files.team("beta", "workflows: {alpha/word-count: }\n")
    (problem,) = files.problems()
    assert problem.startswith(
        "teams/beta.yaml:3: alpha/word-count starts the workflow 'stars', which the team does not"
    )


WHERE = "{where: {type: string, default: x, description: A folder.}}"


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("python: 3.12\n", None),
        ("architecture: arm64\n", None),
        ("package: image\n", None),
        ("image: {dockerfile: Dockerfile}\n", "there is no Dockerfile beside the card"),
        ("image: {dockerfile: ../../Dockerfile}\n", "../../Dockerfile leads out of the card's folder"),
        ("image: {dockerfile: count.py, setup: [ls]}\n", "image.setup says nothing beside image.dockerfile"),
        ("tables: {totals: {key: word, sample: ../count.py}}\n", "../count.py leads out of the card's folder"),
        ("tables: {totals: {key: word, sortKey: 'word:number'}}\n", "'word' is the key already"),
        ("settings: {key: {value: ghp_0123456789abcdefghijABCDEFGHIJ012345}}\n", "the form of a credential"),
        ("queues: {work: , work-dead-letters: }\n", "would both be named"),
        (
            f"parameters: {WHERE}\nsample: {{writer: shared.cosmic.sample.write, prefix: where}}\n",
            "a writer of samples",
        ),
    ],
)
def test_a_card_says_nothing_that_cannot_be(files, own, card, told):
    files.team("alpha")
    own("alpha", card=card)
    if told is None:
        files.load()
    else:
        assert any(told in problem for problem in files.problems()), files.problems()


def test_a_shared_workflow_has_no_dockerfile_and_no_borrowers(files):
    files.edit("statemachines/stars.yaml", "functions:\n", "image: {dockerfile: x}\nshare: all\nfunctions:\n")
    assert [problem.partition(": ")[2].partition(" (")[0] for problem in files.problems()] == [
        "only a team's own workflow has a Dockerfile",
        "every team may run a shared workflow",
    ]


def test_an_image_has_no_layers_whoever_asks_for_it(files, own):
    layer = "arn:aws:lambda:us-east-1:123456789012:layer:alpha-x:1"
    files.team("alpha", "workflows: {word-count: {package: image}}\n")
    own("alpha", step=f"{{handler: count.handler, layers: ['{layer}']}}")
    (problem,) = files.problems()
    assert problem.startswith("teams/alpha.yaml:3: Lambda gives layers to functions of a zip only")


def test_the_libraries_of_a_shared_workflow_are_read_too(files):
    files.write("statemachines/stars.requirements.txt", "numpy>=2 ; python_version<'3.14'\n\nnot a requirement\n")
    (problem,) = files.problems()
    assert problem.startswith("statemachines/stars.requirements.txt:3: this is no requirement: ")


def test_an_address_is_refused_before_anything_is_deployed_and_its_password_is_not_printed(files, own):
    files.team("alpha")
    own("alpha")
    files.write("teams/alpha/word-count/requirements.txt", "mine @ https://user:word@example.org/mine.whl\n")
    (problem,) = files.problems()
    assert ":1: a library from a path or an address" in problem
    assert "word@" not in problem


def test_requirements_may_be_locked(files, own):
    files.team("alpha")
    own("alpha")
    files.write(
        "teams/alpha/word-count/requirements.txt",
        "# locked\npandas[excel]==2.3.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nnumpy==2.0.0 # why\n\n"
        "numpy==1.0.0; python_version < '3.12'\n",
    )
    assert files.load().lane("alpha").workflows["word-count"].requirements.is_file()


@pytest.mark.parametrize("key", ["database", "rendezvous", "database-of-stars"])
def test_no_secret_of_a_workflow_is_called_like_those_that_the_platform_reads(files, own, key):
    files.team("alpha")
    own("alpha", key, card="secrets: {token: }\n")
    (problem,) = files.problems()
    assert problem.startswith(f"teams/alpha/{key}/workflow.yaml:2: the secret would be called {key}-token, and the")
    own("alpha", key)
    assert key in files.load().lane("alpha").workflows


def test_shared_data_is_for_teams_that_there_are(files):
    files.team("alpha")
    settings = (files.root / "shared/settings.yaml").read_text(encoding="utf-8")
    files.write("shared/settings.yaml", settings + "\ncommons:\n  cosmic-data: {teams: [alpha, alhpa]}\n")
    (problem,) = files.problems()
    assert problem.endswith(": there is no team 'alhpa' (did you mean 'alpha'?)")


def test_what_a_workflow_owns_and_uses_is_shown_by_its_names_in_aws(files, own):
    files.team("alpha", "suffix: 0badcafe\n")
    card = "queues: {work: }\nsecrets: {key: }\nsettings: {limit: {value: 3}}\nuses: {queues: {work: send}}\n"
    vpc = "vpc: {subnets: [subnet-1], securityGroups: [sg-1]}"
    step = f"{{handler: count.handler, {vpc}, uses: {{secrets: [key]}}, async: {{onFailure: {{queue: work}}}}}}"
    own("alpha", card=card, step=step)
    shown = resolved(files.load().lane("alpha"))
    workflow, function = shown["workflows"]["word-count"], shown["functions"]["word-count-count"]
    assert workflow["template"] == "teams/alpha/word-count/workflow.asl.json"
    assert workflow["queues"] == {"work": "alpha-word-count-work-0badcafe"}
    assert workflow["secrets"] == {"key": "alpha/word-count-key-0badcafe"}
    assert workflow["uses"] == {"queues": {"alpha-word-count-work-0badcafe": "send"}}
    assert function["uses"] == {"secrets": ["alpha/word-count-key-0badcafe"]}
    assert function["environment"]["SECRET_KEY"] == "alpha/word-count-key-0badcafe"
    assert function["async"]["onFailure"].endswith(":alpha-word-count-work-0badcafe")
    assert yaml.safe_load(yaml.safe_dump(function))["vpc"] == {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
