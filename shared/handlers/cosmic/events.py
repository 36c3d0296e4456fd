"""What the steps of the workflow hand to each other, as it stands in the state machine's JSON. For type checkers."""

from __future__ import annotations

from typing import TypedDict


class Start(TypedDict):
    """Init's event. ``payload`` is the execution's input: whatever a user sent."""

    run_id: str
    run_started: str
    payload: object


class Run(TypedDict):
    """Init's answer. ``ranks_started`` is in seconds of the epoch, ``manifest`` a key of the bucket."""

    run_id: str
    run_started: str
    ranks_started: float
    manifest: str
    world_size: int
    batch_size: int
    partitions: int
    result_path: str
    fmi_enabled: bool
    rendezvous_endpoint: str


class Part(TypedDict):
    """A partition in the bucket."""

    key: str
    bytes: int


class Rank(TypedDict):
    """An item of the manifest: the event of one rank's inference.

    ``model_key`` is empty for the packaged model. The partitions lie in ``data_bucket``.
    """

    run_id: str
    run_started: str
    rank: int
    world_size: int
    batch_size: int
    result_path: str
    model_key: str
    data_bucket: str
    fmi_enabled: bool
    rendezvous_endpoint: str
    partitions: list[Part]


class Done(TypedDict):
    """Inference's answer. ``result`` is the key of the rank's result object."""

    rank: int
    result: str


FieldFigures = TypedDict(
    "FieldFigures",
    {
        "total_cpu_time (seconds)": float,
        "total_cpu_memory (MB)": float,
        "execution_time (seconds/batch)": float,
        "num_batches": int,
        "batch_size": int,
        "device": str,
        "throughput_bps": float,
        "sample_persec": float,
        "result_path": str,
        "data_path": list[str] | str | None,
    },
)
"""The part of a result object that users' notebooks read."""


class Result(FieldFigures):
    """A rank's result object. ``predictions`` is a key of the bucket."""

    run_id: str
    run_started: str
    rank: int
    world_size: int
    records: int
    partitions: int
    bytes: int
    seconds: float
    download_seconds: float
    inference_seconds: float
    predictions: str
    quality_sums: dict[str, float]
    fmi_waited_seconds: float
    fmi_totals: dict[str, float] | None


class Ended(TypedDict):
    """Summarize's event. ``ranks_done`` is the time when the Map ended (ISO 8601)."""

    run: Run
    ranks_done: str
