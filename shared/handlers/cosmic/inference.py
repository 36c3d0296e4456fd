"""Step 2, once per rank: predict the redshift of every record of the rank's partitions.

Memory holds one batch, and disk two partitions, at a time: the next one is downloaded while one is inferred. Of every
record only its place, its r magnitude, its true and its predicted redshift stay (20 bytes). The session is made when
the module is imported, in the init phase of the execution environment. So warm invocations do not pay for it.
"""

from __future__ import annotations

import io
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.handlers import env
from shared.handlers.cosmic import layout, model, partition, quality, together
from shared.handlers.cosmic.fetch import fetching
from shared.handlers.cosmic.progress import Progress
from shared.handlers.s3 import Bucket, Source, readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.handlers.cosmic.events import Done, FieldFigures, Rank, Result
    from shared.handlers.fmi.remaining import Context

    Floats = NDArray[np.float32]

R_BAND = 2  # of u g r i z
INPUT_BITS = 8 * (partition.RECORD_BYTES - 4)  # images and magnitudes of one record, as the field counts

model.packaged()


@dataclass(slots=True)
class Tally:
    """What a rank has done so far. Times are in seconds. The lists have an entry for each batch.

    ``partitions`` has the number of the batch's partition, ``true`` and ``predicted`` its redshifts, ``magnitudes`` its
    magnitudes in the r band.
    """

    download_seconds: float = 0.0
    inference_seconds: float = 0.0
    partitions: list[int] = field(default_factory=list)
    true: list[Floats] = field(default_factory=list)
    predicted: list[Floats] = field(default_factory=list)
    magnitudes: list[Floats] = field(default_factory=list)

    def add(self, partition: int, true: Floats, predicted: Floats, magnitudes: Floats) -> None:
        """Count one batch of the partition number *partition*: its redshifts [n], and its magnitudes [n, 5]."""
        self.partitions.append(partition)
        self.true.append(true)
        self.predicted.append(predicted)
        self.magnitudes.append(magnitudes[:, R_BAND].copy())  # a view would keep the other bands too

    def spent(self, download: float, inference: float) -> None:
        """Count the seconds that one partition took. All downloads but the first go on beside inference."""
        self.download_seconds += download
        self.inference_seconds += inference

    @property
    def batches(self) -> int:
        """How many batches have been done."""
        return len(self.partitions)


def handler(event: Rank, context: Context) -> Done:
    """Infer the rank's partitions and write its predictions, then its result object.

    Args:
        event: One item of the run's manifest.
        context: Lambda's; used only with FMI.

    Raises:
        CorruptPartition: A partition cannot be read.
        WrongModel: ``model_key`` is not a usable model.
        MissingObject: A partition or the model is gone.
        StorageFull: /tmp has no room for a partition.
        PairingFailed, PeerLost: Another rank did not start, or failed. The error names it.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    here = env.read()
    bucket = Bucket(here.bucket, here.account)
    with together.joined(event, context) as group:
        chosen = model.from_bucket(bucket, event["model_key"]) if event["model_key"] else model.packaged()
        tally = infer(event, readable(event["data_bucket"], bucket, env.commons()), chosen)
        true, predicted = _joined(tally.true), _joined(tally.predicted)
        sums = quality.sums(true, predicted)
        totals = group.totals({**sums, "inference_seconds": tally.inference_seconds}, context)
    run_id, rank = event["run_id"], event["rank"]
    predictions = layout.predictions(event["result_path"], run_id, rank)
    bucket.put(predictions, pack(event, tally, true, predicted), "application/octet-stream")
    result: Result = {
        **field_figures(event, tally, len(true), time.process_time() - cpu),
        "run_id": run_id,
        "run_started": event["run_started"],
        "rank": rank,
        "world_size": event["world_size"],
        "records": len(true),
        "partitions": len(event["partitions"]),
        "bytes": sum(part["bytes"] for part in event["partitions"]),
        "seconds": time.perf_counter() - wall,
        "download_seconds": tally.download_seconds,
        "inference_seconds": tally.inference_seconds,
        "predictions": predictions,
        "quality_sums": sums,
        "fmi_waited_seconds": group.waited,
        "fmi_totals": totals,
    }
    key = layout.rank(event["result_path"], run_id, rank)
    bucket.put_json(key, result)
    return {"rank": rank, "result": key}


def infer(event: Rank, bucket: Source, chosen: model.Model) -> Tally:
    """Return the tally of the event's partitions, each read in batches while the next one is downloaded."""
    tally = Tally()
    keys = [part["key"] for part in event["partitions"]]
    progress = Progress(
        event["run_id"], event["rank"], sum(partition.count_records(part["bytes"]) for part in event["partitions"])
    )
    with fetching(bucket, keys) as arrivals:
        for number, (key, arrival) in enumerate(zip(keys, arrivals, strict=True)):
            start = time.perf_counter()
            with partition.opened(arrival.path, key) as file:
                for images, magnitudes, redshifts in partition.batches(file, key, event["batch_size"]):
                    tally.add(number, redshifts, chosen.predict(images, magnitudes), magnitudes)
                    progress.advance(len(redshifts))
            tally.spent(arrival.seconds, time.perf_counter() - start)
    return tally


def field_figures(event: Rank, tally: Tally, records: int, cpu_seconds: float) -> FieldFigures:
    """Return the figures that users' notebooks read. A rank without records has zeros.

    As in the field, time here is that of the inference loop, without the download.
    """
    keys = [part["key"] for part in event["partitions"]]
    seconds = tally.inference_seconds
    return {
        "total_cpu_time (seconds)": cpu_seconds,
        "total_cpu_memory (MB)": _peak_megabytes(),
        "execution_time (seconds/batch)": seconds / tally.batches if tally.batches else 0.0,
        "num_batches": tally.batches,
        "batch_size": event["batch_size"],
        "device": "cpu",
        "throughput_bps": records * INPUT_BITS / seconds if records else 0.0,
        "sample_persec": records / seconds if records else 0.0,
        "result_path": event["result_path"],
        "data_path": keys if len(keys) > 1 else next(iter(keys), None),
    }


def pack(event: Rank, tally: Tally, true: Floats, predicted: Floats) -> bytes:
    """Return the predictions as an npz file, without any pickle.

    It has arrays over the rank's n records: ``partition`` (a number in ``keys``) and ``index`` (the record in that
    partition), both int32; ``redshift``, ``predicted`` and ``r_magnitude``, all float32. ``keys`` has the partitions'
    names. Older runs' files have no ``r_magnitude``.
    """
    partitions = np.repeat(
        np.array(tally.partitions, np.int32), np.array([len(batch) for batch in tally.true], np.int64)
    )
    file = io.BytesIO()
    np.savez_compressed(
        file,
        keys=np.array([part["key"] for part in event["partitions"]], dtype=np.str_),
        partition=partitions,
        index=_places(partitions),
        redshift=true,
        predicted=predicted,
        r_magnitude=_joined(tally.magnitudes),
    )
    return file.getvalue()


def _places(partitions: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each record's place in its own partition. *partitions* has a partition's number each, ascending."""
    firsts = np.searchsorted(partitions, partitions)
    return (np.arange(len(partitions)) - firsts).astype(np.int32)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _peak_megabytes() -> float:
    """Return the process's peak resident memory.

    On Linux, ``ru_maxrss`` includes what the parent had before exec, so /proc goes first. Other systems have no /proc.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
