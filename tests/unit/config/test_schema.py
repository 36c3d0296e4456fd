"""The JSON Schema for editors agrees with what is read."""

import json

import jsonschema
import pytest
import yaml

from shared.config.load import load_project
from shared.config.schema import FILE, schema_text, team_schema
from shared.config.show import HEADER, starter


@pytest.fixture
def checker(files):
    schema = team_schema(files.load())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schema_is_fresh(repository):
    assert (repository / FILE).read_text(encoding="utf-8") == schema_text(load_project(repository))


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
        "workflows: {star: {}}",
        "workflows: {stars: {world_size: 0}}",
        "workflows: {stars: {world_size: abc}}",
        "workflows: {stars: {prefix: ''}}",
        "workflows: {stars: {band: z}}",
        "workflows: {stars: {package: image}}",  # the card says nothing of images
        "functions: {stars-cont: {}}",
        "provider: {memorySize: 64}",
        "provider: {logRetentionInDays: 31}",
        "names: {functions: {stars-cont: x}}",
        "names: {stateMachines: {stars: a/b}}",
        "suffix: XYZ",
    ],
)
def test_what_it_refuses_is_refused(files, checker, text):
    files.team("alpha", text)
    data = yaml.safe_load((files.root / "teams/alpha.yaml").read_text(encoding="utf-8"))
    assert not checker.is_valid(data)
    assert files.problems()


def test_a_package_of_images_is_for_cards_that_say_how(files):
    files.edit("statemachines/stars.yaml", "functions:\n", "image: {base: 'library/r-base:4.4.1'}\nfunctions:\n")
    package = team_schema(files.load())["properties"]["workflows"]["properties"]["stars"]["properties"]["package"]
    assert (package["enum"], package["default"]) == (["zip", "image", None], "zip")
    assert "    # package: zip  # or image: how" in starter("gamma", files.load().cards)


def test_a_starter_file_is_right_and_so_is_each_comment_in_it(files, checker):
    cards = files.load().cards
    text = starter("gamma", cards)
    files.write("teams/gamma.yaml", text)
    checker.validate(yaml.safe_load(text))
    assert set(files.load().lane("gamma").workflows) == {"stars"}
    opened = text.replace("    # ", "    ").replace("\n# When", "\n## When").replace("\n# ", "\n")
    assert opened.count("#") < text.count("#")
    opened = opened.replace("What gamma owns", "# What gamma owns").replace("yaml-language", "# yaml-language", 1)
    files.write("teams/gamma.yaml", opened)
    lane = files.load().lane("gamma")
    assert lane.functions["stars-count"].memory_mb == 1024
    assert lane.bucket.startswith("gamma-archive-")
