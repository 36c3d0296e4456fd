"""Images that others make: a Dockerfile of the team's own, or a URI; then nothing else is said of them."""

import pytest

URI = "210987654321.dkr.ecr.us-east-1.amazonaws.com/science/base:1"
OWN = "123456789012.dkr.ecr.us-east-1.amazonaws.com/alpha/mine:1"
CARD = """\
description: Counts.
package: image
image: {%s}
functions:
  count: {handler: elsewhere.handler}
"""
HERE = "teams/alpha/words"


@pytest.fixture
def card(files):
    """Return a function that writes a card of a team's own with something under image."""
    files.team("alpha")
    files.write(f"{HERE}/workflow.asl.json", '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')

    def write(image):
        files.write(f"{HERE}/workflow.yaml", CARD % image)

    return write


def test_a_folder_without_a_dockerfile_becomes_an_image_on_lambdas_own_base(files, card):
    files.write(f"{HERE}/workflow.yaml", (CARD % "").replace("image: {}\n", "").replace("elsewhere", "count"))
    files.write(f"{HERE}/count.py", "def handler(event, context): pass\n")
    image = files.load().lane("alpha").functions["words-count"].image
    assert image.base.startswith("amazon/aws-lambda-python:3.")
    assert (image.is_others, image.libraries, image.setup) == (False, True, ())


def test_a_dockerfile_and_a_uri_are_known_and_their_handler_is_in_them(files, card):
    files.write(f"{HERE}/Dockerfile", "FROM scratch\n")
    card("dockerfile: Dockerfile")
    image = files.load().lane("alpha").functions["words-count"].image
    assert (image.dockerfile, image.is_others) == (files.root / HERE / "Dockerfile", True)
    for uri in (URI, OWN, f"{URI}@sha256:{'0' * 64}"):
        card(f'uri: "{uri}"')
        assert files.load().lane("alpha").functions["words-count"].image.uri == uri


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (f'uri: "{URI}", libraries: false', "image.libraries says nothing beside image.uri, which is all of the image"),
        (f'uri: "{URI}", dockerfile: Dockerfile', "image.dockerfile says nothing beside image.uri"),
        ("dockerfile: Dockerfile, base: example.org/x:1", "image.base says nothing beside image.dockerfile"),
        ("dockerfile: Dokerfile", "there is no Dokerfile beside the card"),
        ("dockerfile: ../Dockerfile", "../Dockerfile leads out of the card's folder"),
        ('uri: "docker.io/library/python:3"', "Lambda runs images from ECR only, and docker.io/library/python:3 is"),
        (f'uri: "{OWN.replace("alpha", "beta")}"', "is in this account, and in no repository of alpha, whose names"),
        (f'uri: "{URI.replace("us-east-1", "eu-west-1")}"', "is in eu-west-1, and Lambda fetches images from its own"),
    ],
)
def test_what_cannot_be_is_refused(files, card, image, said):
    files.write(f"{HERE}/Dockerfile", "FROM scratch\n")
    files.write("teams/alpha/Dockerfile", "FROM scratch\n")
    card(image)
    assert any(said in problem for problem in files.problems())


def test_an_image_stands_on_no_other_teams_and_may_stand_on_one_of_another_region(files, card):
    files.write(f"{HERE}/elsewhere.py", "def handler(event, context): pass\n")
    base = URI.replace("us-east-1", "eu-west-1")
    card(f'base: "{OWN.replace("alpha", "beta")}"')
    (problem,) = files.problems()
    assert "is in this account, and in no repository of alpha, whose names begin with alpha/" in problem
    card(f'base: "{base}"')
    assert files.load().lane("alpha").functions["words-count"].image.base == base


def test_a_shared_workflow_has_no_folder_to_build_from(files):
    files.edit("statemachines/stars.yaml", "functions:\n", "image: {dockerfile: Dockerfile}\nfunctions:\n")
    (told,) = files.problems()
    assert told.startswith("statemachines/stars.yaml:2: only a team's own workflow has a Dockerfile")
