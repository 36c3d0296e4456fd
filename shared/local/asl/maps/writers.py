"""ResultWriter: shapes the results of a Map run, and exports them to S3 with a manifest."""

from __future__ import annotations

import json
import tempfile
from typing import IO, TYPE_CHECKING

from shared.local.asl.dataflow import states
from shared.local.asl.errors import RESULT_WRITER, StateFailure, dumps
from shared.local.asl.execution import timestamp
from shared.local.asl.maps.objects import refusal
from shared.local.asl.payload import compile_field
from shared.local.asl.reading import members, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3.client import S3Client

    from shared.local.asl.engine import Engine
    from shared.local.asl.maps.run import MapRun
    from shared.local.asl.reading import Spec
    from shared.local.asl.runs.record import RunRecord
    from shared.local.asl.strand import Strand
    from shared.values import Json

# The most text that one file holds before the next begins.
# Source: Step Functions Developer Guide, "ResultWriter (Map)" (read 2026-11-30).
FILE_BYTES = 5 * 2**30
_IN_MEMORY = 1 << 20


class Writer:
    """A compiled ResultWriter field."""

    def __init__(self, spec: Spec, *, jsonata: bool) -> None:
        config = part(spec, "WriterConfig")
        self.exports = "Resource" in spec
        self.transformation = config.get("Transformation", "NONE")
        self.lines = config.get("OutputType") == "JSONL"
        self.jsonata = jsonata
        self._arguments = compile_field(
            spec, "Arguments" if jsonata else "Parameters", jsonata=jsonata, within="ResultWriter"
        )

    def arguments(self, strand: Strand, effective: Json) -> dict[str, Json]:
        """Return the bucket and prefix to write to.

        Raises:
            StateFailure: The arguments are no object, or name no bucket.
        """
        given: Json = None
        if self._arguments is not None:
            given = self._arguments(states(strand, effective) if self.jsonata else effective, strand)
        found = members(given, RESULT_WRITER)
        if not isinstance(found.get("Bucket"), str) or not isinstance(found.get("Prefix", ""), str):
            raise StateFailure(RESULT_WRITER, "The fields 'Bucket' and 'Prefix' of ResultWriter must be strings.")
        return found

    def shaped(self, results: Iterator[Json]) -> Iterator[Json]:
        """Yield *results* as the transformation asks."""
        return _flat(results) if self.transformation == "FLATTEN" else results

    def export(self, engine: Engine, arguments: Mapping[str, Json], run: MapRun) -> dict[str, Json]:
        """Write the run's results and its manifest to S3; return where the manifest is.

        Raises:
            StateFailure: S3 refused.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # a workflow of Lambdas alone never needs it

        role = run.parent.identity.role_arn
        client: S3Client = engine.services.client("s3", engine.services.region_of(run.arn), role)
        try:
            bucket, prefix = str(arguments["Bucket"]), str(arguments.get("Prefix", "")).strip("/")
            folder = f"{prefix}/{run.name}" if prefix else run.name
            files = {
                status: self._files(client, bucket, f"{folder}/{status}", entries)
                for status, entries in self._groups(run).items()
            }
            manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
            client.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
        except ClientError as error:
            raise StateFailure(RESULT_WRITER, refusal(error, engine.uuid())) from error
        except BotoCoreError as error:
            raise StateFailure(RESULT_WRITER, f"The results could not be written: {error}") from error
        return {"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}

    def _groups(self, run: MapRun) -> dict[str, Iterator[Json]]:
        machine = run.parent.identity.machine_arn
        failed: Iterator[Json] = (record(machine, child) for child in run.unsuccessful())
        return {"FAILED": failed, "PENDING": run.pending(), "SUCCEEDED": self.shaped(run.results())}

    def _files(self, client: S3Client, bucket: str, stem: str, entries: Iterator[Json]) -> list[dict[str, Json]]:
        """Write *entries* to files named after *stem*; return what the manifest says about them."""
        files: list[dict[str, Json]] = []
        for number, (body, size) in enumerate(self._bodies(entries)):
            key = f"{stem}_{number}.json{'l' if self.lines else ''}"
            client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
            files.append({"Key": key, "Size": size})
        return files

    def _bodies(self, entries: Iterator[Json]) -> Iterator[tuple[IO[bytes], int]]:
        """Yield each file that *entries* fill, from its beginning, and its size in bytes."""
        begin, between, end = (b"", b"\n", b"\n") if self.lines else (b"[", b",", b"]")
        texts = (dumps(entry).encode(errors="replace") for entry in entries)
        text = next(texts, None)
        while text is not None:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
                file.write(begin + text)
                held = len(text)
                while (text := next(texts, None)) is not None and held + len(text) <= FILE_BYTES:
                    file.write(between + text)
                    held += len(text)
                file.write(end)
                size = file.tell()
                file.seek(0)
                yield file, size


def _flat(results: Iterator[Json]) -> Iterator[Json]:
    for result in results:
        if isinstance(result, list):
            yield from result
        else:
            yield result


def record(machine_arn: str, child: RunRecord) -> dict[str, Json]:
    """Return the metadata of *child*, in a run of the machine of this ARN, as result files hold them."""
    shown: dict[str, Json] = {
        "ExecutionArn": child.arn,
        "Input": child.input_text,
        "InputDetails": {"Included": True},
        "Name": child.identity.name,
        "StartDate": timestamp(child.started_at),
        "StateMachineArn": machine_arn,
        "Status": child.status,
        "StopDate": timestamp(child.stopped_at or child.started_at),
        "RedriveCount": child.redrives,
    }
    if child.output_text is not None:
        shown |= {"Output": child.output_text, "OutputDetails": {"Included": True}}
        shown["RedriveStatus"] = "NOT_REDRIVABLE"
        shown["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    else:
        shown |= {"Error": child.error, "Cause": child.cause, "RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    return shown
