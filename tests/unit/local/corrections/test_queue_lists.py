"""Queues by prefix."""

import pytest
from moto.core.base_backend import BackendDict
from moto.sqs.models import sqs_backends

from shared.local.corrections.queue_lists import queues_listed_by_plain_prefixes


@pytest.mark.parametrize(("prefix", "found"), [("", ["ab", "a-b"]), ("a-", ["a-b"]), ("a.", []), ("(", []), ("b", [])])
def test_a_prefix_is_plain_text(prefix, found):
    with queues_listed_by_plain_prefixes():
        backend = sqs_backends["123456789012"]["us-east-1"]
        for name in ("ab", "a-b"):
            backend.create_queue(name)
        assert [each.name for each in backend.list_queues(prefix)] == found
    BackendDict.reset()
