"""The JSON Schema for editors agrees with what is read."""

import json

import jsonschema
import pytest
import yaml

from shared.config.card_schema import card_schema
from shared.config.load import load_project
from shared.config.roster import Entry
from shared.config.schema import CARD_FILE, FILE, schemas, team_schema
from shared.config.show import HEADER, starter


@pytest.fixture
def checker(files):
    schema = team_schema(files.load())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def card_checker(files):
    schema = card_schema(files.load())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schemas_are_fresh(repository):
    for file, text in schemas(load_project(repository)).items():
        assert (repository / file).read_text(encoding="utf-8") == text, file


def test_a_teams_own_folder_changes_no_schema(files):
    files.team("alpha")
    before = schemas(files.load())
    files.write("teams/alpha/tally/workflow.yaml", "description: Own.\nfunctions: {count: {handler: count.handler}}\n")
    files.write("teams/alpha/tally/workflow.asl.json", "{}")
    files.write("teams/alpha/tally/count.py", "def handler(event, context): ...\n")
    assert files.load().lane("alpha").workflows
    assert schemas(files.load()) == before


def test_the_shared_cards_satisfy_the_cards_schema(repository):
    checker = jsonschema.Draft202012Validator(json.loads((repository / CARD_FILE).read_text(encoding="utf-8")))
    cards = [path for path in (repository / "statemachines").glob("*.yaml") if ".asl" not in path.name]
    assert len(cards) >= 5
    for path in cards:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=../shared/config/card.schema.json\n")
        checker.validate(yaml.safe_load(text))


OWN = "functions: {count: {handler: count.handler%s}}\n"


@pytest.mark.parametrize(
    ("card", "fits"),
    [
        (OWN % "", True),
        (OWN % ", memorySize: 512, timeout: , layers: ", True),
        ("functions:\nqueues: {work: }\ntopics: {done: {notify: [a@example.edu]}}\nsecrets: {key: }\nimage:\n", True),
        ("python: 3.12\narchitecture: arm64\ntype: express\nshare: all\n", True),
        ("tables: {totals: {key: word, sortKey: 'day:number', indexes: {by-day: {key: 'day:number'}}}}\n", True),
        ("tables: {t: {key: k}}\n" + OWN % ", uses: {tables: {t: read}, services: [bedrock:InvokeModel]}", True),
        ("parameters: {n: {type: integer, default: 1, minimum: 1, description: x}}\n", True),
        ("pyhton: '3.12'\n", False),
        ("python: 3.10\n", False),
        ("Functions: {}\n", False),
        (OWN % ", memorySize: 64", False),
        (OWN % ", uses: {services: [s3:GetObject]}", False),
        (OWN % ", uses: {bucket: all}", False),
        ("tables: {Totals: {key: word}}\n", False),
        ("parameters: {n: {type: int, description: x}}\n", False),
        ("queues: {work: {maxReceives: 0}}\n", False),
    ],
)
def test_the_cards_schema_agrees_with_what_is_read(files, card_checker, card, fits):
    text = f"description: Own.\n{card}"
    files.team("alpha")
    files.write("teams/alpha/tally/workflow.yaml", text)
    files.write("teams/alpha/tally/workflow.asl.json", "{}")
    files.write("teams/alpha/tally/count.py", "def handler(event, context): ...\n")
    assert card_checker.is_valid(yaml.safe_load(text)) == fits
    if fits:
        files.load()
    else:
        assert files.problems()


def test_the_sample_teams_satisfy_it_and_name_it(repository):
    checker = jsonschema.Draft202012Validator(json.loads((repository / FILE).read_text(encoding="utf-8")))
    samples = sorted((repository / "teams").glob("*.yaml"))
    assert len(samples) >= 4
    for path in samples:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(HEADER)
        checker.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "workflows: {stars: {world_size: 5, band: u, limit: null}}",
        "workflows: {stars: }",
        "workflows: {stars: {package: zip, world_size: 5}}",
        "workflows:\nfunctions:\nnames:\nprovider:\nrendezvous:",
        "provider: {tags: {course: 5110}, logRetentionInDays: 30}",
        "workflows: {stars: }\nfunctions: {stars-count: {reservedConcurrency: 0}}\nnames: {stateMachines: {stars: S}}",
        "suffix: 7078ea12",
    ],
)
def test_what_it_accepts_is_read(files, checker, text):
    files.team("alpha", text)
    checker.validate(yaml.safe_load((files.root / "teams/alpha.yaml").read_text(encoding="utf-8")))
    assert files.load().lane("alpha").team == "alpha"


@pytest.mark.parametrize(
    "text",
    [
        "workflow: {}",
        "workflows: {stars: {world_size: 0}}",
        "workflows: {stars: {world_size: abc}}",
        "workflows: {stars: {prefix: ''}}",
        "workflows: {stars: {band: z}}",
        "workflows: {stars: {package: image}}",  # the card says nothing of images
        "provider: {memorySize: 64}",
        "provider: {logRetentionInDays: 31}",
        "names: {stateMachines: {stars: a/b}}",
        "suffix: XYZ",
    ],
)
def test_what_it_refuses_is_refused(files, checker, text):
    files.team("alpha", text)
    data = yaml.safe_load((files.root / "teams/alpha.yaml").read_text(encoding="utf-8"))
    assert not checker.is_valid(data)
    assert files.problems()


@pytest.mark.parametrize(
    "text", ["workflows: {star: {}}", "functions: {stars-cont: {}}", "names: {functions: {stars-cont: x}}"]
)
def test_what_could_be_a_teams_own_is_refused_only_where_all_files_are_read(files, checker, text):
    files.team("alpha", text)
    checker.validate(yaml.safe_load((files.root / "teams/alpha.yaml").read_text(encoding="utf-8")))
    assert files.problems()


@pytest.mark.parametrize(
    "text", ["workflows: {Stars: {}}", "workflows: {a/b/c: {}}", "functions: {own-step: {memory: 1}}"]
)
def test_a_teams_own_things_have_their_shape(checker, text):
    assert not checker.is_valid({"team": "alpha", "owner": "alpha@example.edu", **yaml.safe_load(text)})


def test_a_package_of_images_is_for_cards_that_say_how(files):
    files.edit("statemachines/stars.yaml", "functions:\n", "image: {base: 'library/r-base:4.4.1'}\nfunctions:\n")
    package = team_schema(files.load())["properties"]["workflows"]["properties"]["stars"]["properties"]["package"]
    assert (package["enum"], package["default"]) == (["zip", "image", None], "zip")
    assert "    # package: zip  # or image: how" in starter(Entry("gamma", "g@example.edu"), files.load().cards)


def test_a_starter_file_is_right_and_so_is_each_comment_in_it(files, checker):
    cards = files.load().cards
    text = starter(Entry("gamma", "g@example.edu"), cards)
    files.write("teams/gamma.yaml", text)
    checker.validate(yaml.safe_load(text))
    assert files.load().lane("gamma").workflows == {}
    opened = text.replace("\n  # stars:", "\n  stars:").replace("# Its own", "## Its own")
    opened = opened.replace("    # ", "    ").replace("\n# When", "\n## When").replace("\n# ", "\n")
    assert opened.count("#") < text.count("#")
    opened = opened.replace("What gamma owns", "# What gamma owns").replace("yaml-language", "# yaml-language", 1)
    files.write("teams/gamma.yaml", opened)
    lane = files.load().lane("gamma")
    assert lane.functions["stars-count"].memory_mb == 1024
    assert lane.bucket.startswith("gamma-archive-")
