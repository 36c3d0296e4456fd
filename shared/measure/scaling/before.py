"""The model of time, asked for the run that an input describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.config.worlds import ranks_of
from shared.measure.scaling.time_model import Size, predict, published

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.measure.scaling.time_model import Prediction
    from shared.values import Json

_MEASURED = "cosmic"
_WORKS = "inference"
_DATA = ("data_prefix", "data_map", "file_limit", "bucket", "data_bucket")


def is_modelled(lane: Lane, workflow: str) -> bool:
    """Say whether there is a model of *workflow*, which is no team's own of the same name."""
    return workflow == _MEASURED and not lane.workflows[workflow].owner


def predict_run(lane: Lane, workflow: str, payload: Json, records: int) -> Prediction | None:
    """Return what a run on *payload* would take and cost, of so many *records*; None where the model knows no such run.

    It is fitted to the published tables, which were measured on AWS.
    """
    if not is_modelled(lane, workflow) or not isinstance(payload, Mapping):
        return None
    asked = lane.workflows[workflow]
    ranks, batch = ranks_of(asked, payload), payload.get("batch_size")
    if ranks is None or not isinstance(batch, int):
        return None
    memory = lane.functions[asked.functions[_WORKS]].memory_mb
    return predict(published(), Size(records, ranks, batch, memory))


def same_records(payload: Json, earlier: Json) -> bool:
    """Say whether a run on *payload* works on the same records as an *earlier* one, by what their inputs name."""
    if not isinstance(payload, Mapping) or not isinstance(earlier, Mapping):
        return False
    return all((payload.get(name) or None) == (earlier.get(name) or None) for name in _DATA)
