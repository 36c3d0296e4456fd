"""A card's tables: named like everything else of the team, known to the template, and refused with a line."""

import json

from shared.config.resources import Key, Table
from shared.config.template import render_definition

TABLES = "tables: {stars: {key: id, sample: samples/sky.json}}\nfunctions:"
READ = {"StartAt": "Read", "States": {"Read": {"Type": "Pass", "Result": "${stars}", "End": True}}}


def with_table(files):
    files.edit("statemachines/stars.yaml", "functions:", TABLES)
    files.write("statemachines/stars.asl.json", json.dumps(READ))
    files.write("statemachines/samples/sky.json", '["Vega"]')
    files.team("team2", "suffix: 7078ea12\nworkflows: {stars: {}}\n")


def test_a_table_gets_the_lanes_name_and_the_template_knows_it(files):
    with_table(files)
    lane = files.load().lane("team2")
    assert lane.tables == (Table("team2-stars-stars-7078ea12", Key("id")),)
    assert lane.table_arn(lane.tables[0]) == (
        "arn:aws:dynamodb:us-east-1:123456789012:table/team2-stars-stars-7078ea12"
    )
    assert render_definition(lane, "stars")["States"]["Read"]["Result"] == "team2-stars-stars-7078ea12"


def test_what_is_wrong_with_a_table_is_said_with_its_line(files):
    with_table(files)
    files.edit("statemachines/stars.yaml", "stars: {key: id", "band: {key: id")
    files.edit("statemachines/stars.yaml", "sky.json", "nowhere.json")
    files.write("statemachines/stars.asl.json", json.dumps({"States": {}}))
    problems = "\n".join(files.problems())
    assert "'band' would be two placeholders of the template" in problems
    assert "statemachines/stars.yaml:2" in problems
    assert "there is no samples/nowhere.json beside the card" in problems


def test_what_dynamodb_would_refuse_of_a_table_is_said_with_its_line(files):
    with_table(files)
    twice = "{key: id, sortKey: id, sample: samples/sky.json}"
    files.edit("statemachines/stars.yaml", "{key: id, sample: samples/sky.json}", twice)
    assert "'id' is the key already" in "\n".join(files.problems())
    types = "{key: id, indexes: {by-id: {key: id:number}}}"
    files.edit("statemachines/stars.yaml", twice, types)
    assert "'id' is a number here and a string elsewhere" in "\n".join(files.problems())
    files.edit("statemachines/stars.yaml", types, "{key: id, ttl: id}")
    assert "expires by id, which is a string" in "\n".join(files.problems())


def test_a_setting_that_ssm_would_refuse_is_said_with_its_line(files):
    with_table(files)
    files.edit("statemachines/stars.yaml", "tables:", "settings: {limit: {value: '{{other}}'}}\ntables:")
    assert any(":2" in each for each in files.problems())
