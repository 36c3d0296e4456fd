from __future__ import annotations

from typing import Any

import pytest

from shared.handlers import by_reference
from shared.handlers.by_reference import NoReference
from shared.handlers.s3 import ForeignBucket, MissingObject


def test_what_is_written_is_read_again(store: Any) -> None:
    value = {"rows": [1, 2.5, None, "ü"]}
    reference = by_reference.write("results/r/rows.json", value)
    assert reference == {"bucket": store.handlers.name, "key": "results/r/rows.json"}
    assert by_reference.read(reference) == value


@pytest.mark.parametrize("value", [[1], None, {"bucket": "b"}, {"bucket": "b", "key": "k", "more": 1}])
def test_what_is_no_reference_is_told(store: Any, value: Any) -> None:
    with pytest.raises(NoReference, match="no reference"):
        by_reference.read(value)


def test_a_reference_leads_to_json_of_the_teams_own(store: Any) -> None:
    store.put("inputs/r/x.json", b"no json")
    with pytest.raises(NoReference, match=r"s3://team2.*/inputs/r/x.json: this is no JSON"):
        by_reference.read({"bucket": store.handlers.name, "key": "inputs/r/x.json"})
    with pytest.raises(MissingObject):
        by_reference.read({"bucket": store.handlers.name, "key": "inputs/r/y.json"})
    with pytest.raises(ForeignBucket):
        by_reference.read({"bucket": "team1-data", "key": "k"})
