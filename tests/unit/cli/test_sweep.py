"""``lanes sweep`` as typed, without a cloud: what it refuses before one is started, and a sweep that is measured."""

import json
import sys
from types import SimpleNamespace

import pytest

from shared.cli.main import main
from shared.config.load import load_project
from shared.deploy.code import digest_code
from shared.errors import UsageError
from shared.measure.scaling.sweep import Journal, describe_setting, make_cells, run_sweep
from shared.measure.scaling.sweep_plan import check_deployed


def left_by_a_cloud(root):
    """Return what lies in .lanes beside the packages, which all copies share, and the note of what was found valid."""
    return {path.name for path in (root / ".lanes").iterdir()} - {"packages", "compared.json"}


@pytest.fixture
def sweep(copy_project, tmp_path, monkeypatch, capsys):
    root = copy_project(tmp_path / "project")
    monkeypatch.chdir(root)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lanes", "sweep", "team2", "cosmic", "--out", str(tmp_path / "out"), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert left_by_a_cloud(root) == set()
        assert not (tmp_path / "out").exists()
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--world-size", "1,17"), "17 ranks wait for each other, and only 16 of cosmic-inference may run at once"),
        (("--world-size", "1", "--bucket", "team1-data"), "bucket is 'team1-data', but this team's functions reach"),
        (("--world-size", "1", "--data-map", "{}"), "--data-map: data_map is an object"),
    ],
)
def test_a_cell_that_the_lane_cannot_carry_out_is_refused_before_any_runs(sweep, words, said):
    code, err = sweep(*words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


@pytest.fixture
def measured(copy_project, tmp_path):
    """A project whose sweep over two worlds is measured, three times each; the first run began cold."""
    root = copy_project(tmp_path / "measured")
    journal = Journal(root / "sweeps" / "team2-cosmic" / "cells.jsonl")
    taken = []

    def run(cell):
        taken.append(cell)
        seconds = (8.0 if len(taken) == 1 else 2.0 + 0.01 * len(taken)) / cell.axes["world_size"]
        rates = {"wall_throughput": 1000 / seconds, "aggregate_throughput": 1000 / seconds, "records": 1000}
        costs = {"memory_mb": 100, "cost_usd": 0.001, "cold_starts": int(len(taken) == 1), "ranks": []}
        return {"status": "SUCCEEDED", "wall_seconds": seconds, **rates, **costs}

    run_sweep(cells_of(root), journal, run, lambda _: None)
    return root


def cells_of(root):
    project = load_project(root)
    lane = project.lane("team2")
    setting = describe_setting(lane, lane.workflows["cosmic"], "embedded", digest_code(project, lane, "cosmic"))
    return make_cells({"world_size": [1, 2]}, lane.workflows["cosmic"].parameters, 3, setting)


WORDS = ("sweep", "team2", "cosmic", "--world-size", "1,2")


def test_a_sweep_that_is_measured_deploys_nothing_and_starts_no_cloud(lanes_in, measured):
    ended = lanes_in(measured, *WORDS)
    assert (ended.code, "6 of 6 cells are in" in ended.err) == (0, True)
    assert "deployed" not in ended.err
    assert left_by_a_cloud(measured) == set()
    assert "1 of 6 runs began cold" in ended.out
    assert "average by world size" in ended.out
    assert (measured / "sweeps" / "team2-cosmic" / "summary.csv").exists()


def test_a_sweep_that_is_measured_says_the_same_as_json(lanes_in, measured):
    ended = lanes_in(measured, *WORDS, "--json")
    told = json.loads(ended.out)
    assert [(each["runs"], each["axes"]["world_size"]) for each in told["configurations"]] == [(3, 1), (3, 2)]
    assert sum(each["cold"] for each in told["configurations"]) == 1
    assert left_by_a_cloud(measured) == set()


@pytest.mark.parametrize("changed", ["shared/handlers/cosmic/init.py", "statemachines/cosmic.requirements.txt"])
def test_other_code_is_measured_anew(measured, changed):
    before = {cell.key for cell in cells_of(measured)}
    with (measured / changed).open("a", encoding="utf-8") as file:
        file.write("# other\n")
    now = cells_of(measured)
    assert before.isdisjoint(cell.key for cell in now)
    journal = Journal(measured / "sweeps" / "team2-cosmic" / "cells.jsonl")
    assert (journal.count_done(now), journal.others(now)) == (0, {"other code": 6})


def test_other_memory_and_another_definition_are_measured_anew(measured):
    before = {cell.key for cell in cells_of(measured)}
    template = measured / "statemachines" / "cosmic.asl.json"
    text = template.read_text(encoding="utf-8")
    assert '"Comment"' in text
    template.write_text(text.replace('"Comment": "', '"Comment": "Other. ', 1), encoding="utf-8")
    assert before.isdisjoint(cell.key for cell in cells_of(measured))
    template.write_text(text, encoding="utf-8")
    assert before == {cell.key for cell in cells_of(measured)}
    card = measured / "statemachines" / "cosmic.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("memorySize: 256", "memorySize: 512"), encoding="utf-8")
    assert before.isdisjoint(cell.key for cell in cells_of(measured))


class FakeLambda:
    def get_function_configuration(self, FunctionName):
        return {"FunctionArn": "arn", "Role": "role", "CodeSha256": "there", "MemorySize": 1, "Timeout": 1}


def test_deployed_code_that_is_not_that_of_the_files_is_not_measured(measured):
    lane = load_project(measured).lane("team2")
    aws = SimpleNamespace(lambda_=FakeLambda())
    workflow = lane.workflows["cosmic"]
    stale = SimpleNamespace(code_differs=lambda _, deployed: deployed.function.key == "cosmic-init")
    with pytest.raises(UsageError, match="is not what the files say: cosmic-init; its times") as refused:
        check_deployed(aws, stale, lane, workflow)
    assert refused.value.fix == "lanes deploy team2, then sweep again"
    check_deployed(aws, SimpleNamespace(code_differs=lambda *_: None), lane, workflow)  # nobody can tell
