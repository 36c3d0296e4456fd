"""Whose something is, by its name."""

from __future__ import annotations

import pytest

from shared.local.owners import owner_of

_STATES, _LAMBDA = "arn:aws:states:us-east-1:123456789012", "arn:aws:lambda:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        (f"{_STATES}:stateMachine:team1-cosmic-0a1b2c3d", "team1"),
        (f"{_STATES}:stateMachine:team1-cosmic-0a1b2c3d:3", "team1"),
        (f"{_STATES}:execution:team10-cosmic-0a1b2c3d:run-1", "team10"),
        (f"{_LAMBDA}:function:team2-add_up-0a1b2c3d:$LATEST", "team2"),
        ("arn:aws:iam::123456789012:role/team2-add-0a1b2c3d", "team2"),
        ("team2-add-0a1b2c3d", "team2"),
        ("slow", "slow"),
        ("Slow-one", "Slow-one"),
    ],
)
def test_the_owner_is_how_the_name_begins(arn, owner):
    assert owner_of(arn) == owner
