"""``lanes validate``, ``names``, ``print``, ``schema`` and ``team new`` as a user types them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from shared.config.load import load_project

REPOSITORY = Path(__file__).parents[3]
SCHEMAS = ("shared/config/team.schema.json", "shared/config/card.schema.json")


@pytest.fixture
def project(tmp_path):
    for name in ("naming.yaml", "shared/settings.yaml", *SCHEMAS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    for folder in ("teams", "statemachines", "shared/handlers"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.onnx", "__pycache__"))
    return tmp_path


@pytest.fixture
def here(project):
    return project / "teams"  # anywhere in the project will do


def test_validate_counts_what_is_right_and_lists_what_is_not(project, lanes):
    code, out, _ = lanes("validate")
    assert code == 0
    assert out.startswith("valid: ")
    (project / "teams/team1.yaml").write_text("team: team1\nwrkflows: {}\n", encoding="utf-8")
    (project / "teams/wssr.yaml").write_text("team: [\n", encoding="utf-8")
    code, out, err = lanes("validate")
    assert (code, out) == (1, "")
    assert "3 problems" in err
    assert "teams/team1.yaml:1: owner is missing" in err
    assert "teams/team1.yaml:2: unknown key 'wrkflows' (did you mean 'workflows'?)" in err
    assert "teams/wssr.yaml:2: this is not YAML" in err
    code, out, _ = lanes("validate", "--json")
    assert code == 1
    told = json.loads(out)
    assert told["valid"] is False
    assert [(problem["file"], problem["line"]) for problem in told["problems"]][:2] == [
        ("teams/team1.yaml", 1),
        ("teams/team1.yaml", 2),
    ]


def test_names_lists_every_name_whole(project, lanes):
    code, out, _ = lanes("names", "team2")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "bucket, of at most 63 characters\n   23  team2-cosmical-7078ea12\n" in out
    assert "stateMachine, of at most 80 characters\n   24  team2-COSMIC-AI-7078ea12\n" in out
    shown = {line.split()[1] for line in out.splitlines() if line.startswith(" ")}
    rows = json.loads(lanes("names", "team2", "--json")[1])
    assert shown == {row["name"] for row in rows}
    assert {row["component"] for row in rows} >= {"cosmical", "COSMIC-AI"}


def test_print_shows_the_team_resolved_as_yaml_and_json(project, lanes):
    code, out, _ = lanes("print", "team2")
    assert code == 0
    shown = yaml.safe_load(out)
    lane = load_project(project).lane("team2")
    assert shown["bucket"] == lane.bucket
    assert shown["workflows"]["cosmic"]["parameters"] == lane.workflows["cosmic"].parameters
    assert shown["functions"]["cosmic-inference"]["environment"] == lane.functions["cosmic-inference"].environment
    assert shown["rendezvous"]["endpoint"] == "rendezvous.uva-ds5110.com:10000"
    assert json.loads(lanes("print", "team2", "--json")[1]) == shown


def test_an_unknown_team_exits_2_with_the_known_ones(lanes):
    code, _, err = lanes("print", "tema2")
    assert code == 2
    assert "did you mean 'team2'" in err
    assert "topics" in err


@pytest.mark.parametrize("file", SCHEMAS)
def test_schema_tells_when_it_is_stale_and_mends_it(project, lanes, file):
    assert lanes("schema", "--check")[0] == 0
    path = project / file
    fresh = path.read_text(encoding="utf-8")
    path.write_text("{}", encoding="utf-8")
    code, _, err = lanes("schema", "--check")
    assert code == 1
    assert "lanes schema" in err
    assert path.read_text(encoding="utf-8") == "{}"
    assert lanes("schema")[0] == 0
    assert path.read_text(encoding="utf-8") == fresh


def test_team_new_writes_a_file_that_is_valid(project, lanes):
    code, out, _ = lanes("team", "new", "team3")
    assert (code, out) == (0, "teams/team3.yaml\n")
    assert load_project(project).lane("team3").workflows == {}


def test_a_team_is_made_for_a_folder_that_has_none_yet(project, lanes):
    (project / "teams/tides/highs").mkdir(parents=True)
    (project / "teams/tides/highs/workflow.yaml").write_text("description: Counts.\n", encoding="utf-8")
    assert lanes("team", "new", "tides")[:2] == (0, "teams/tides.yaml\n")


@pytest.mark.parametrize(("slug", "code"), [("team2", 1), ("team-3", 2), ("Team3", 2), ("../x", 2), ("aws", 2)])
def test_team_new_refuses_what_cannot_be_and_changes_nothing(project, lanes, slug, code):
    before = {path.name: path.read_bytes() for path in (project / "teams").iterdir()}
    assert lanes("team", "new", slug)[0] == code
    assert {path.name: path.read_bytes() for path in (project / "teams").iterdir()} == before
