"""Finds the redshifts that a run of cosmic stored, and draws them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from shared.handlers.cosmic import layout
from shared.measure.reports.plots_run import plot_redshifts, plot_residuals
from shared.measure.reports.report import Plot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json

_MOST_RECORDS = 1_000_000  # drawn; more of them would look the same


def redshift_plots(aws: Aws, lane: Lane, output: Json) -> list[Plot]:
    """Return plots of the redshifts that the run with this *output* predicted and stored; none where it stored none."""
    prefix = predictions_of(output)
    if prefix is None:
        return []
    true, predicted = _read(aws, lane, prefix)
    if not len(true):
        return []
    return [
        Plot("redshift", plot_redshifts(true, predicted), "Predicted against true redshift, by density."),
        Plot("residuals", plot_residuals(true, predicted), "Scaled residuals over the true redshift."),
    ]


def predictions_of(output: Json) -> str | None:
    """Return how the keys of a run's predictions begin, by its *output*; None where it is of no such run."""
    match output:
        case {"results": {"ranks": str(ranks)}, "run_id": str(run_id)}:
            path = ranks.removesuffix(layout.ranks("", run_id))
            return layout.predictions(path, run_id, 0).removesuffix("0.npz")
    return None


def has_redshifts(aws: Aws, lane: Lane, output: Json) -> bool:
    """Say whether the run with this *output* stored any, by one call."""
    prefix = predictions_of(output)
    if prefix is None:
        return False
    owner = lane.place.account
    told = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix=prefix, MaxKeys=1, ExpectedBucketOwner=owner)
    return bool(told.get("Contents"))


def _read(aws: Aws, lane: Lane, prefix: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the true and the predicted redshifts below *prefix*, a million or a little more at most."""
    true, predicted = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    owner = lane.place.account
    pages = aws.s3.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=lane.bucket, Prefix=prefix, ExpectedBucketOwner=owner):
        for entry in page.get("Contents", []):
            found = aws.s3.get_object(Bucket=lane.bucket, Key=entry["Key"], ExpectedBucketOwner=owner)
            body = found["Body"].read()
            with np.load(io.BytesIO(body), allow_pickle=False) as file:
                true.append(file["redshift"])
                predicted.append(file["predicted"])
            if sum(map(len, true)) > _MOST_RECORDS:
                break
    return np.concatenate(true), np.concatenate(predicted)
