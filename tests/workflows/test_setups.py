"""Setups of the field and of others, translated into teams' folders: planned, run with small data, or refused by name.

Each folder in ``setups/`` is a workflow as a team would write it. ``refused.asl.json`` and ``refused.yaml`` beside it
are what of the setup a lane does not do.
"""

import json
import runpy
import shutil
from functools import partial
from pathlib import Path

import pytest
from botocore.stub import Stubber

from shared.config.load import load_project
from shared.config.problems import ConfigError
from shared.config.template import render_definition
from shared.isolation.roles.workflow_role import workflow_policy
from shared.run.payload import build_payload
from shared.scaffold.bring_in import new_from
from tests.helpers.stubbed import Stubbed
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

SETUPS = {path.name.partition("-")[0].lower(): path for path in sorted(Path(__file__).parent.glob("setups/*-*"))}
OWN_WORDS = SETUPS.pop("word")
SETTINGS = "\ncommons:\n  cosmicai-data: {teams: all}\n"


def add(root, team, setup):
    (root / f"teams/{team}.yaml").write_text(f"team: {team}\nowner: {team}@example.edu\n")
    folder = root / "teams" / team / "work"
    shutil.copytree(setup, folder, ignore=shutil.ignore_patterns("refused.*", "__pycache__"))
    return folder


def team(letter):
    return f"setup{letter}"


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    root = copy_project(tmp_path_factory.mktemp("setups") / "project")
    settings = root / "shared/settings.yaml"
    settings.write_text(settings.read_text() + SETTINGS)
    for letter, setup in SETUPS.items():
        add(root, team(letter), setup)
    add(root, "words", OWN_WORDS)
    return root


@pytest.fixture(scope="module")
def aws(root):
    with kept_cloud(root) as kept:
        yield kept.aws


@pytest.fixture
def lanes(root, lanes_in):
    return partial(lanes_in, root)


@pytest.fixture
def run(aws, lanes):
    """Return a function that runs a setup's main job and returns its output."""

    def go(name, *words):
        result = lanes("run", name, "work", "--json", *words)
        assert result.code == 0, result.err
        return json.loads(result.out)["output"]

    return go


def test_there_are_nine():
    assert sorted(SETUPS) == list("abcdefghi")


@pytest.mark.parametrize("letter", SETUPS)
def test_each_is_valid_and_what_its_machine_calls_is_granted(letter, root):
    lane = load_project(root).lane(team(letter))
    assert workflow_policy(lane, lane.workflows["work"], render_definition(lane, "work")).statements


@pytest.mark.parametrize("letter", [*"bcdefghi"])  # Dockerfiles are built by a container engine alone
def test_each_is_planned(letter, aws, lanes):
    result = lanes("plan", team(letter))
    assert result.code == 0, result.err
    assert "stateMachine" in result.out or "state machine" in result.out


def test_astronomy_reads_shared_data_and_is_an_image(root, aws, run):
    s3 = aws.owner.s3
    s3.create_bucket(Bucket="cosmicai-data")
    for number in range(3):
        body = json.dumps([[18.0, 17.5], [19.0, 18.2]]).encode()
        s3.put_object(Bucket="cosmicai-data", Key=f"100MB/{number}.json", Body=body)
    assert run(team("b"), "--file-limit", 2) == {"combined": "results/combined_data.json", "galaxies": 4}
    assert all(each.image for each in load_project(root).lane(team("b")).functions.values())


def test_random_means(run):
    output = run(team("c"), "--repetitions", 5)
    assert output["draws"] == 5
    assert 0 <= output["mean"] <= 1000


def test_monte_carlo_goes_from_one_bucket_to_another(root, aws, run):
    assert run(team("g")) == {"games": 20}
    lane = load_project(root).lane(team("g"))
    listed = aws.owner.s3.list_objects_v2(Bucket=lane.workflows["work"].buckets["destination"])["Contents"]
    assert "results.json" in [each["Key"] for each in listed]


def test_map_reduce_of_serverless(run):
    assert run(team("h")) == {"done": 5, "couriers": ["UQS"]}


def test_course_asks_services_that_its_test_answers_for(root, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    lane = load_project(root).lane(team("i"))
    monkeypatch.setenv("BUCKET", lane.bucket)
    steps = runpy.run_path(str(SETUPS["i"] / "steps.py"))
    image = {"S3Object": {"Bucket": lane.bucket, "Name": "pictures/cat.jpg"}}
    asked = {"Text": "I like this galaxy.", "LanguageCode": "en"}
    with Stubber(steps["rekognition"]) as rekognition, Stubber(steps["comprehend"]) as comprehend:
        rekognition.add_response("detect_labels", {"Labels": [{"Name": "Cat"}]}, {"Image": image})
        comprehend.add_response("detect_sentiment", {"Sentiment": "POSITIVE"}, asked)
        workflow = lane.workflows["work"]
        world = Stubbed({lane.function_arn(key): steps[step] for step, key in workflow.functions.items()})
        execution = world.run(dict(render_definition(lane, "work")), build_payload(workflow, {}))
    assert execution.output == {"labels": ["Cat"], "sentiment": "POSITIVE"}


def test_course_is_granted_what_the_embedded_cloud_makes_no_answers_up_for(aws, lanes):
    result = lanes("run", team("i"), "work")
    assert result.code == 1
    assert "Detect" in result.err
    assert "is granted" in result.err


def test_climate_and_river_run_but_for_what_is_refused(run):
    assert run(team("f")) == [281.0]
    assert "MessageId" in run(team("e"))


@pytest.mark.parametrize(
    ("letter", "states"),
    [
        ("a", {"Join in a container": "ecs:runTask.sync"}),
        ("e", {"Input": "batch:submitJob.sync", "Discharge": "batch:submitJob.sync", "Report": "ecs:runTask.sync"}),
    ],
)
def test_states_that_a_lane_does_not_do_are_refused_by_name(letter, states, root):
    with pytest.raises(ConfigError) as refused:
        new_from(SETUPS[letter] / "refused.asl.json", load_project(root), team(letter), "other")
    told = {problem.what for problem in refused.value.problems}
    assert told == {f"state {name!r}: {api} is not what a lane calls" for name, api in states.items()}
    assert all("a lane runs Lambda functions" in problem.fix for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("letter", "keys"),
    [
        ("a", {"triggers": "on:", "runtime": "functions are in Python", "redis": "a table (tables:)"}),
        ("e", {"fileSystem": "a function's own disk"}),
    ],
)
def test_keys_that_a_card_has_not_are_refused_by_name(letter, keys, tmp_path, copy_project):
    root = copy_project(tmp_path / "project")
    folder = add(root, team(letter), SETUPS[letter])
    shutil.copy(SETUPS[letter] / "refused.yaml", folder / "workflow.yaml")
    with pytest.raises(ConfigError) as refused:
        load_project(root)
    told = {problem.what: problem.fix for problem in refused.value.problems}
    for key, instead in keys.items():
        (fix,) = [fix for what, fix in told.items() if what.startswith("unknown key") and what.endswith(f"{key}'")]
        assert instead in fix


def test_the_word_count_is_four_files_and_45_lines_with_pandas_and_a_table(root, aws, run):
    files = [path for path in OWN_WORDS.iterdir() if path.is_file()]
    assert len(files) <= 4
    assert sum(len(path.read_text().splitlines()) for path in files) <= 45
    output = run("words")
    assert (output["words"], output["distinct"]) == (4, 3)
    lane = load_project(root).lane("words")
    (table,) = lane.tables
    items = aws.owner.client("dynamodb").scan(TableName=table.name)["Items"]
    assert {item["word"]["S"]: int(item["n"]["N"]) for item in items} == {"a": 2, "b": 1, "c": 1}
