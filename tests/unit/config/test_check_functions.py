"""What Lambda would not take of where a card's functions run, told where it takes more than one change to write it."""

import pytest

from shared.config.show import resolved

LAYER = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:16"
LAYERS = f"    memorySize: 256\n    layers: ['{LAYER}']\n"
IMAGE = "description: Counts stars.\npackage: image\n"
CARD = "statemachines/stars.yaml"


@pytest.fixture
def card(files):
    """Return a function that changes the card, and says what is wrong then."""

    def problems(*edits, team="workflows: {stars: }\n"):
        for old, new in edits:
            files.edit(CARD, old, new)
        files.team("alpha", team)
        return files.problems()

    return problems


def test_an_image_takes_no_layers(card):
    (problem,) = card(
        ("    memorySize: 256\n", LAYERS), ("description: Counts stars.\n", IMAGE + "image: {base: example/python:3}\n")
    )
    assert problem == (f"{CARD}:8: Lambda gives layers to functions of a zip only (put into the image what is in them)")


def test_a_team_may_not_make_images_of_functions_with_layers(card):
    (problem,) = card(
        ("    memorySize: 256\n", LAYERS),
        ("description: Counts stars.\n", "description: Counts stars.\nimage: {base: example/python:3}\n"),
        team="workflows:\n  stars:\n    package: image\n",
    )
    assert problem.startswith("teams/alpha.yaml:5: Lambda gives layers to functions of a zip only, and statemachines/")
    assert "gives them to count" in problem


@pytest.mark.parametrize(("name", "said"), [("beta-code", True), ("course", True), ("alpha-code", False)])
def test_a_layer_of_this_account_is_the_teams_own(files, name, said):
    own = f"    memorySize: 256\n    layers: ['arn:aws:lambda:us-east-1:123456789012:layer:{name}:1']\n"
    files.edit(CARD, "    memorySize: 256\n", own)
    files.team("alpha", "workflows: {stars: }\n")
    if said:
        (problem,) = files.problems()
        assert f"layer:{name}:1 is in this account, and no layer of alpha, whose names begin with alpha-" in problem
    else:
        assert files.load().lane("alpha")


@pytest.mark.parametrize(
    "image", ["{base: example/python:3}", "{uri: 123456789012.dkr.ecr.us-east-1.amazonaws.com/alpha/stars:1}"]
)
def test_an_image_with_a_python_of_its_own_takes_no_other(card, image):
    problems = card(("description: Counts stars.\n", f'{IMAGE}image: {image}\npython: "3.14"\n'))
    said = f"{CARD}:4: functions that are images run on the Python of the image"
    assert [problem for problem in problems if problem.startswith(said)]


def test_an_image_of_the_standard_base_takes_a_python(files):
    files.edit(CARD, "description: Counts stars.\n", IMAGE + 'image: {}\npython: "3.14"\n')
    files.team("alpha", "workflows: {stars: }\n")
    assert files.load().lane("alpha").functions["stars-count"].image.base == "amazon/aws-lambda-python:3.14"


def test_records_that_come_back_are_told_at_each_step_of_the_circle(card):
    problems = card(
        ("    memorySize: 256\n", "    memorySize: 256\n    async: {onFailure: {function: add-up}}\n"),
        ("stars.add_up.handler\n", "stars.add_up.handler\n    async: {onSuccess: {function: count}}\n"),
    )
    assert [problem.split(" (")[0] for problem in problems] == [
        f"{CARD}:6: the records of count come back to count",
        f"{CARD}:10: the records of add-up come back to add-up",
    ]


def test_all_that_a_card_may_say_is_shown(files):
    files.edit(
        CARD,
        "    memorySize: 256\n",
        f"{LAYERS}    ephemeralStorage: 1024\n    vpc: {{subnets: [subnet-1], securityGroups: [sg-1]}}\n"
        "    async: {retries: 1, maximumAge: 60, onFailure: {queue: lost}}\n",
    )
    files.edit(
        CARD, "description: Counts stars.\n", 'description: Counts stars.\npython: "3.14"\narchitecture: arm64\n'
    )
    files.edit(CARD, "parameters:\n", "queues: {lost: }\nparameters:\n")
    files.team("alpha", "workflows: {stars: }\nfunctions: {stars-count: {ephemeralStorage: 2048}}\n")
    lane = files.load().lane("alpha")
    shown = resolved(lane)["functions"]["stars-count"]
    assert (shown["python"], shown["architecture"], shown["ephemeralStorage"]) == ("3.14", "arm64", 2048)
    assert shown["layers"] == [LAYER]
    assert shown["vpc"] == {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
    queue = lane.workflows["stars"].queues["lost"].name
    assert shown["async"] == {
        "retries": 1,
        "maximumAge": 60,
        "onSuccess": None,
        "onFailure": f"arn:aws:sqs:us-east-1:{lane.place.account}:{queue}",
    }
