"""The embedded cloud that another room starts: where it listens, and how long it lives."""

import os
import socket

import pytest

from shared.config.load import load_project
from shared.errors import LanesError, UsageError
from shared.run import connecting
from shared.run.where import Where
from tests.helpers.eventually import eventually


@pytest.fixture
def project(copy_project, tmp_path):
    return load_project(copy_project(tmp_path / "project"))


def test_a_free_port_is_known_from_a_taken_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not connecting._is_free(port)
    assert connecting._is_free(port)


def test_a_cloud_ends_with_who_holds_the_other_end_of_its_lifeline(project):
    reading, writing = os.pipe()
    started = connecting.start_cloud(project, lifeline=reading)
    os.close(reading)
    assert started
    assert connecting.running_cloud(project) == started
    assert connecting.start_cloud(project) is None  # one runs
    os.close(writing)
    eventually(lambda: not connecting.cloud_state(project).held())
    with pytest.raises(LanesError, match="no embedded cloud is running"):
        connecting.connect_running(project, Where(), [], print)


def test_a_profile_is_for_aws(project):
    with pytest.raises(UsageError, match="--profile is for AWS"):
        connecting.connect_running(project, Where(profile="field"), [], print)
