"""The environment of team1's functions."""

import pytest


@pytest.fixture
def place():
    return {
        "TEAM": "team1",
        "BUCKET": "team1-data-0badcafe",
        "WORKFLOW": "fmi_script",
        "RENDEZVOUS_ENDPOINT": "127.0.0.1:9",
        "RENDEZVOUS_TIMEOUT": "5",
        "RENDEZVOUS_DEGRADED_AFTER": "1",
    }
