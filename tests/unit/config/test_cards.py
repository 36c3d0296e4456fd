"""Workflow cards: what they may say, and what their templates may ask for."""

import sys

import pytest

from shared.config.lane import Parameter
from shared.config.show import resolved


def test_a_card_becomes_a_workflow_of_the_team_that_names_it(files):
    files.team("alpha", "workflows: {stars: }\n")
    files.team("beta")
    project = files.load()
    stars = project.lane("alpha").workflows["stars"]
    assert stars.template == files.root / "statemachines/stars.asl.json"
    assert stars.functions == {"count": "stars-count", "add-up": "stars-add-up"}
    assert stars.specs[0] == Parameter("world_size", "integer", 4, "Ranks.", 1, 100)
    assert project.lane("beta").workflows == {}
    assert project.lane("beta").functions == {}


def test_a_team_is_not_blamed_for_a_broken_card(files):
    files.edit("statemachines/stars.yaml", "default: 4", "default: 0")
    files.team("alpha", "workflows: {stars: }\nfunctions: {stars-count: {timeout: 3}}\n")
    assert [problem.split(":")[0] for problem in files.problems()] == ["statemachines/stars.yaml"]


def test_a_card_without_template_and_a_template_without_card_are_told(files):
    files.write("statemachines/lone.yaml", "description: x\nfunctions: {}\n")
    files.write("statemachines/bare.asl.json", "{}")
    assert [problem.split(" (")[0] for problem in files.problems()] == [
        "statemachines/bare.yaml:1: there is no such file",
        "statemachines/lone.asl.json:1: there is no such file",
    ]


def test_a_template_that_is_not_json_is_told_with_its_line(files):
    files.edit("statemachines/stars.asl.json", '"StartAt": "Count",', '"StartAt": "Count"')
    (problem,) = files.problems()
    assert problem.startswith("statemachines/stars.asl.json:3: this is not JSON")


def test_a_function_that_asks_for_it_is_told_where_the_teams_ranks_meet(files):
    files.edit("statemachines/stars.yaml", "memorySize: 256\n", "memorySize: 256\n    rendezvous: true\n")
    files.team(
        "alpha",
        "suffix: 0badcafe\nworkflows: {stars: }\n"
        "rendezvous: {endpoint: 'meet.example.edu:4', timeout: 2.5, protocol: v1}\n",
    )
    lane = files.load().lane("alpha")
    functions = lane.functions
    told = {name: value for name, value in functions["stars-count"].environment.items() if "RENDEZVOUS" in name}
    assert told == {
        "RENDEZVOUS_ENDPOINT": "meet.example.edu:4",
        "RENDEZVOUS_TIMEOUT": "2.5",
        "RENDEZVOUS_DEGRADED_AFTER": "1",
        "RENDEZVOUS_PROTOCOL": "v1",
        "RENDEZVOUS_SECRET": "alpha/rendezvous-0badcafe",
    }
    assert lane.rendezvous_key == "alpha/rendezvous-0badcafe"
    assert not any("RENDEZVOUS" in name for name in functions["stars-add-up"].environment)


def test_a_team_whose_functions_meet_nobody_has_no_key(files):
    files.team("alpha", "workflows: {stars: }\n")
    assert files.load().lane("alpha").rendezvous_key == ""


def test_a_parameter_may_take_a_file(files):
    files.edit("statemachines/stars.yaml", "description: Where the images lie.", "upload: skies, description: Images.")
    files.team("alpha", "workflows: {stars: }\n")
    specs = {spec.name: spec.upload for spec in files.load().lane("alpha").workflows["stars"].specs}
    assert (specs["prefix"], specs["band"]) == ("skies", None)


IMAGE = "image: {base: 'library/r-base:4.4.1', setup: [apt-get update], libraries: false}\n"


def test_a_card_may_make_its_functions_images_each_with_a_repository(files):
    files.edit("statemachines/stars.yaml", "functions:\n", f"{IMAGE}package: image\nfunctions:\n")
    files.team("alpha", "suffix: 0badcafe\nworkflows: {stars: }\n")
    functions = files.load().lane("alpha").functions
    assert [function.image.repository for function in functions.values()] == [
        "alpha/stars-count-0badcafe",
        "alpha/stars-add-up-0badcafe",
    ]
    assert functions["stars-count"].image.setup == ("apt-get update",)
    assert not functions["stars-count"].image.libraries


@pytest.mark.parametrize(
    ("card", "team", "images"),
    [
        ("", "{package: image}", True),
        ("", "{package: zip}", False),
        ("", "{package: }", False),
        ("", "{}", False),
        ("package: image\n", "{package: zip, world_size: 5}", False),
        ("package: image\n", "{package: image}", True),
    ],
)
def test_the_teams_word_on_the_package_goes_before_the_cards(files, card, team, images):
    files.edit("statemachines/stars.yaml", "functions:\n", f"{IMAGE}{card}functions:\n")
    files.team("alpha", f"workflows: {{stars: {team}}}\n")
    lane = files.load().lane("alpha")
    assert {function.image is not None for function in lane.functions.values()} == {images}
    assert "package" not in lane.workflows["stars"].parameters
    packages = {function["package"] for function in resolved(lane)["functions"].values()}
    assert packages == {"image" if images else "zip"}


@pytest.mark.parametrize(
    ("card", "team", "problem"),
    [
        ("package: image", "", "statemachines/stars.yaml:2: nothing says how its functions become images"),
        ("package: layer", "", "statemachines/stars.yaml:2: package is 'layer': it should be 'zip' or 'image'"),
        (
            "",
            "workflows: {stars: {package: image}}",
            "teams/alpha.yaml:3: nothing says how the functions of stars become",
        ),
        ("", "workflows: {stars: {package: tar}}", "teams/alpha.yaml:3: package is 'tar', not zip or image"),
        ("", "workflows: {stars: {package: [zip]}}", "teams/alpha.yaml:3: package is ['zip'], not zip or image"),
    ],
)
def test_a_package_that_cannot_be_is_told_with_its_line(files, card, team, problem):
    files.edit("statemachines/stars.yaml", "functions:\n", f"{card}\nfunctions:\n")
    files.team("alpha", team)
    (told,) = files.problems()
    assert told.startswith(problem), told


def test_no_parameter_is_called_package(files):
    files.edit("statemachines/stars.yaml", "  prefix: {", "  package: {")
    files.edit("statemachines/stars.asl.json", "${prefix}", "${package}")
    (told,) = files.problems()
    assert "the parameter 'package' is what a team's file says zip or image with" in told


def test_a_base_may_follow_the_python_that_deploys(files):
    image = "image: {base: 'example/lambda-python:{python}'}\npackage: image\n"
    files.edit("statemachines/stars.yaml", "functions:\n", f"{image}functions:\n")
    files.team("alpha", "workflows: {stars: }\n")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert files.load().lane("alpha").functions["stars-count"].image.base == f"example/lambda-python:{version}"


def test_a_base_says_where_it_is_from(files):
    files.edit("statemachines/stars.yaml", "functions:\n", "image: {base: 'r-base:4'}\nfunctions:\n")
    (problem,) = files.problems()
    assert "image.base" in problem


def test_a_parameter_may_be_an_array_of_objects_with_any_keys_of_json(files):
    files.edit(
        "statemachines/stars.yaml",
        "  deep:",
        "  sky-regions:\n    type: array\n    nullable: true\n    byReference: true\n    description: Where.\n"
        "    default: [{name: n}]\n    items: {type: object, properties: {name: {type: string}}, required: [name]}\n"
        "  deep:",
    )
    files.team("alpha", "workflows: {stars: {sky-regions: [{name: a}, {nme: b}]}}\n")
    (missing, unknown) = files.problems()
    assert "teams/alpha.yaml:3: sky-regions[1].name is missing" in missing
    assert "teams/alpha.yaml:3: sky-regions[1].nme is no key of it (did you mean 'name'?)" in unknown
    files.team("alpha", "workflows: {stars: {sky-regions: [{name: a}]}}\n")
    workflow = files.load().lane("alpha").workflows["stars"]
    assert workflow.parameters["sky-regions"] == [{"name": "a"}]
    (spec,) = (each for each in workflow.specs if each.name == "sky-regions")
    assert (spec.nullable, spec.by_reference, spec.items and spec.items.required) == (True, True, ("name",))


def test_what_goes_by_reference_is_no_placeholder_that_a_deployment_could_fill(files):
    files.edit("statemachines/stars.yaml", "default: 4,", "default: 4, byReference: true,")
    (problem, *_) = files.problems()
    assert problem.startswith("statemachines/stars.asl.json:8: unknown placeholder ${world_size}")
