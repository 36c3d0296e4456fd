from __future__ import annotations

from shared.deploy.model import Plan, Step


def test_a_plan_knows_its_changes():
    steps = (Step("nothing", "role", "a"), Step("delete", "role", "b"))
    assert Plan("team2", "dev", steps, {}).changes == steps[1:]
    assert str(steps[1]) == "delete role b"
