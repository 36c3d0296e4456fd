"""Worlds that the rendezvous does not carry are told where the files ask for them."""

from typing import Any

import pytest

from shared.config.load import load_project
from shared.config.worlds import beyond
from shared.fmi.worlds import MOST_RANKS, Server, carried

CARD = """\
description: A game of many.
functions:
  play:
    handler: play.handler
    rendezvous: true
parameters:
  world_size: {type: integer, default: 4, minimum: 1, maximum: 100000, description: Ranks.}
  file_limit: {type: integer, default: null, minimum: 1, insteadOf: world_size, description: Files.}
  fmi_enabled: {type: boolean, default: true, description: Whether they meet.}
  rendezvous_endpoint: {type: string, default: "", description: Where.}
"""
TEMPLATE = '{"StartAt": "Play", "States": {"Play": {"Type": "Task", "Resource": "${play}", "End": true}}}\n'
MOST = carried(Server(256, 512))  # the settings' own


@pytest.fixture
def game(files: Any) -> Any:
    """A project whose team alpha has a workflow of its own, whose ranks meet."""
    files.write("teams/alpha/game/workflow.yaml", CARD)
    files.write("teams/alpha/game/workflow.asl.json", TEMPLATE)
    files.write("teams/alpha/game/play.py", "def handler(event, context):\n    return event\n")
    files.team("alpha", "workflows:\n  game:\n    world_size: 4\n")
    return files


def test_a_world_that_the_rendezvous_carries_is_right(game: Any) -> None:
    game.edit("teams/alpha.yaml", "world_size: 4", f"world_size: {MOST}")
    assert game.load().lane("alpha").workflows["game"].parameters["world_size"] == MOST


def test_a_larger_one_is_told_where_the_team_asks_for_it_with_the_fix(game: Any) -> None:
    game.edit("teams/alpha.yaml", "world_size: 4", f"world_size: {MOST + 1}")
    (problem,) = game.problems()
    size = "cpu 256 and 512 MB"
    assert problem == (
        f"teams/alpha.yaml:5: a world of {MOST + 1} ranks, and the rendezvous, with {size}, carries {MOST} at most "
        f"(lower world_size to {MOST}, or raise rendezvous.service in shared/settings.yaml to cpu: 512, memory: 1024)"
    )


def test_what_the_fix_says_helps(game: Any) -> None:
    game.edit("teams/alpha.yaml", "world_size: 4", f"world_size: {MOST + 1}")
    game.edit("shared/settings.yaml", "cpu: 256 ", "cpu: 512 ")
    game.edit("shared/settings.yaml", "memory: 512  # MB\n    zone", "memory: 1024\n    zone")
    assert game.load().lane("alpha").workflows["game"].parameters["world_size"] == MOST + 1


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("world_size: {type: integer, default: 3000,", "teams/alpha/game/workflow.yaml:7: "),
        ("world_size: {type: integer, default: 5000,", "teams/alpha/game/workflow.yaml:7: "),
    ],
)
def test_a_default_is_told_on_the_card(game: Any, text: str, where: str) -> None:
    game.team("alpha")
    game.edit("teams/alpha/game/workflow.yaml", "world_size: {type: integer, default: 4,", text)
    (problem,) = game.problems()
    assert problem.startswith(where)


def test_what_world_size_follows_from_counts_too(game: Any) -> None:
    game.team("alpha")
    card = "teams/alpha/game/workflow.yaml"
    game.edit(card, "integer, default: 4,", "integer, default: null,")
    game.edit(card, "file_limit: {type: integer, default: null,", "file_limit: {type: integer, default: 3000,")
    (problem,) = game.problems()
    assert problem.startswith(f"{card}:8: a world of 3000 ranks")


def test_so_does_the_payload_of_a_schedule(game: Any) -> None:
    game.edit(
        "teams/alpha/game/workflow.yaml",
        "parameters:",
        "schedule:\n  nightly:\n    when: rate(1 day)\n    payload: {world_size: 3000}\nparameters:",
    )
    (problem,) = game.problems()
    assert problem.startswith("teams/alpha/game/workflow.yaml:9: a world of 3000 ranks")


def test_ranks_that_do_not_meet_may_be_more(game: Any) -> None:
    game.edit("teams/alpha.yaml", "world_size: 4", "world_size: 9000\n    fmi_enabled: false")
    assert game.load().lane("alpha").workflows["game"].parameters["world_size"] == 9000


def test_another_server_carries_what_nobody_knows_up_to_what_fmi_joins(game: Any) -> None:
    game.team("alpha", "workflows:\n  game:\n    world_size: 4096\nrendezvous: {endpoint: 'other.example.edu:10000'}\n")
    assert game.load().lane("alpha").rendezvous.server is None
    game.edit("teams/alpha.yaml", "4096", "4097")
    assert game.problems() == [
        "teams/alpha.yaml:5: a world of 4097 ranks, and FMI joins 4096 at most (lower world_size to 4096)"
    ]


def test_v1_takes_a_connection_a_pair_and_carries_less(game: Any) -> None:
    game.team("alpha", f"workflows:\n  game:\n    world_size: {MOST}\nrendezvous: {{protocol: v1}}\n")
    (problem,) = game.problems()
    assert "or let ranks speak v2 (rendezvous.protocol), or raise rendezvous.service" in problem


def test_an_input_may_name_another_server(game: Any) -> None:
    lane = game.load().lane("alpha")
    workflow = lane.workflows["game"]
    asked = {"world_size": MOST + 1, "rendezvous_endpoint": lane.rendezvous.endpoint}
    assert beyond(lane, workflow, asked)
    assert beyond(lane, workflow, {**asked, "rendezvous_endpoint": "other.example.edu:1"}) is None
    assert beyond(lane, workflow, {**asked, "rendezvous_endpoint": "other:1", "world_size": MOST_RANKS + 1})


def test_the_cards_let_in_what_fmi_joins(repository: Any) -> None:
    card = load_project(repository).cards.shared["fmi-script"]
    assert card
    assert next(spec.maximum for spec in card.specs if spec.name == "world_size") == MOST_RANKS
