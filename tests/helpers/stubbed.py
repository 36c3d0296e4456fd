"""The engine's small world, with functions that are Python functions: a handler by its ARN."""

import json

from tests.unit.local.asl.conftest import Invocation, World


class Stubbed(World):
    """Runs definitions. *by_arn* are the handlers of their functions."""

    def __init__(self, by_arn):
        self.by_arn = by_arn
        super().__init__()

    def _invoke(self, function, payload):
        return Invocation(json.dumps(self.by_arn[function](json.loads(payload), None)).encode())
