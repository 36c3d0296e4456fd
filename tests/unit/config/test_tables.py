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
