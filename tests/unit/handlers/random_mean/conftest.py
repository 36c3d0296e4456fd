"""The steps of random-mean as a cold start imports them, and the payload of a run."""

import importlib

import pytest


@pytest.fixture
def step():
    return lambda name: importlib.import_module(f"shared.handlers.random_mean.{name}").handler


@pytest.fixture
def payload():
    return lambda **changed: {"repetitions": 10, "storage": "csv", "delay_seconds": 0, "concurrency": 1000, **changed}
