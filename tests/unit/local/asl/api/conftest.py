import pytest
from moto.core.base_backend import BackendDict

from tests.helpers.step_functions import Api


@pytest.fixture
def api():
    yield Api()
    BackendDict.reset()
