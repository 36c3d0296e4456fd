"""What ``lanes workflow new`` writes runs at once: each pattern, and a definition that was brought in."""

import json
from functools import partial
from pathlib import Path

import pytest

from shared.config.load import load_project
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

PUBLISHED = Path(__file__).parents[1] / "unit/scaffold/published.asl.json"


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    root = copy_project(tmp_path_factory.mktemp("new") / "project")
    (root / "teams/words.yaml").write_text("team: words\nowner: words@example.edu\n")
    return root


@pytest.fixture(scope="module")
def aws(root):
    with kept_cloud(root) as kept:
        yield kept.aws


@pytest.fixture
def make_and_run(root, aws, lanes_in):
    """Return a function that writes a workflow, runs it, and returns its output."""
    lanes = partial(lanes_in, root)

    def go(name, *words):
        made = lanes("workflow", "new", "words", name, *words)
        assert made.code == 0, made.err
        result = lanes("run", "words", name, "--json")
        assert result.code == 0, result.err
        return json.loads(result.out)["output"]

    return go


def test_one_step(make_and_run):
    assert make_and_run("one") == {"mean": 2.8, "median": 3, "most": 5}


def test_map_reduce_counts_its_sample(make_and_run):
    output = make_and_run("count", "--like", "map-reduce")
    assert (output["words"], output["distinct"]) == (16, 8)


def test_ranks_of_fmi_add_up(make_and_run):
    output = make_and_run("ranks", "--like", "fmi")
    assert output["ranks"] == 4
    assert 3.1 < output["pi"] < 3.2


def test_choice_goes_round_until_it_is_good_enough(make_and_run):
    output = make_and_run("rounds", "--like", "choice")
    assert output["error"] <= 0.02
    assert output["round"] == 5


def test_a_published_map_reduce_is_brought_in_and_runs(root, aws, make_and_run):
    assert make_and_run("measures", "--from", PUBLISHED) == {"message": "message"}
    lane = load_project(root).lane("words")
    (table,) = lane.tables
    (item,) = aws.owner.client("dynamodb").scan(TableName=table.name)["Items"]
    assert item == {"chunk": {"S": "key"}, "amount": {"N": "1"}}
    kept = aws.owner.s3.list_objects_v2(Bucket=lane.bucket, Prefix="splits/")
    assert kept["KeyCount"] == 1
