"""Reads what a run was made of: its functions, its code, the data that its input names, and versions."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.problems import Problems
from shared.deploy.code import wanted_of
from shared.errors import code_of
from shared.measure.billing.cost import read_prices
from shared.measure.reports.evidence import DeployedFunction, Provenance, Stored, StoredTable
from shared.measure.reports.read_evidence import read_objects
from shared.packages.code import read_code
from shared.run.sample import SAMPLE
from shared.run.upload import files_below
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.values import Json

_PACKAGES = ("teamlanes", "boto3", "chalice", "moto", "numpy", "onnxruntime", "matplotlib", "awslambdaric")
_NOT_THERE = {"404", "NoSuchKey", "NotFound", "403", "AccessDenied"}  # S3 tells who may not list no more than that
_ABSENT = {"ResourceNotFoundException"}
_DENIED = {"AccessDeniedException"}
_MOST_NAMES = 1000  # texts of an input that are tried as keys


def read_provenance(aws: Aws, lane: Lane, workflow: str, payload: Json, project: Project | None) -> Provenance:
    """Return what a run of *workflow* with the input *payload* is made of.

    Args:
        aws: Where it ran.
        lane: Whose it is.
        workflow: The workflow's key.
        payload: The execution's input.
        project: Whose files the code is in; None where neither code nor tables are asked.
    """
    prices = read_prices()
    return Provenance(
        cloud="embedded" if aws.target.embedded else aws.target.endpoint or "aws",
        account=lane.place.account,
        region=lane.place.region,
        made=datetime.now(UTC),
        functions=tuple(_functions(aws, lane, workflow)),
        code=code_digests(project, lane, workflow) if project else {},
        data=tuple(read_data(aws, lane, workflow, payload, project)),
        tables=tuple(read_tables(aws, lane, workflow)) if project else (),
        versions=read_versions(),
        processor=_processor(),
        prices_date=str(prices.date),
        prices_told=prices.told,
    )


def read_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a result depends on."""
    found = {"Python": platform.python_version(), "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # this installation does not need it
    return found


def code_digests(project: Project, lane: Lane, workflow: str) -> dict[str, str]:
    """Return the SHA-256 of each file of the code of a *workflow* of *lane*, of its template, card and requirements."""
    files: dict[str, Path] = {}
    functions = [lane.functions[key] for key in lane.workflows[workflow].functions.values()]
    ours = [each for each in functions if not (each.image and each.image.is_others)]
    if ours:
        files |= read_code(wanted_of(project, lane, ours[0]).workflow, Problems()).files
    card = project.card(lane.team, workflow)
    for path in (card.template, project.root / card.path, lane.workflows[workflow].requirements):
        if path.is_file():
            files[path.relative_to(project.root).as_posix()] = path
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items())}


def read_data(aws: Aws, lane: Lane, workflow: str, payload: Json, project: Project | None) -> Iterator[Stored]:
    """Yield the objects that a run's input names: those of the folder of its data, and each whose key is in it.

    The bucket is the team's own, or the shared one that the input names. The files of an own workflow's ``sample/``
    count as well.
    """
    told = as_mapping(payload) if isinstance(payload, dict) else {}
    bucket = str(told.get("data_bucket") or told.get("bucket") or lane.bucket)
    owner = lane.commons.get(bucket, lane.place.account)
    sample = project.card(lane.team, workflow).file.sample if project else None
    places = [f"{str(told.get(sample.prefix) or '').strip('/')}/"] if sample else []
    places += [text for text in _names(payload) if _is_there(aws, bucket, owner, text)]
    folder = lane.workflows[workflow].folder
    if folder and (folder / SAMPLE).is_dir():
        places += [key for key, _ in files_below(folder / SAMPLE) if _is_there(aws, bucket, owner, key)]
    for stored in read_objects(aws, bucket, owner, [place for place in dict.fromkeys(places) if place != "/"]):
        yield stored.model_copy(update={"value": None})


def read_tables(aws: Aws, lane: Lane, workflow: str) -> Iterator[StoredTable]:
    """Yield the tables of *workflow*: how many entries each has, and the digest of its first page of them."""
    for key, table in lane.workflows[workflow].tables.items():
        try:
            page = aws.client("dynamodb").scan(TableName=table.name)
        except ClientError as error:
            if code_of(error) not in _ABSENT | _DENIED:
                raise
            if code_of(error) in _DENIED:
                yield StoredTable(key=key, entries=0, sha256=None)
            continue
        entries = sorted(json.dumps(item, sort_keys=True, default=str) for item in page["Items"])
        digest = hashlib.sha256("\n".join(entries).encode()).hexdigest()
        yield StoredTable(key=key, entries=len(entries), sha256=digest)


def _functions(aws: Aws, lane: Lane, workflow: str) -> Iterator[DeployedFunction]:
    for key in lane.workflows[workflow].functions.values():
        function = lane.functions[key]
        try:
            told = aws.lambda_.get_function_configuration(FunctionName=function.name)
        except ClientError as error:
            if code_of(error) not in _ABSENT:
                raise
            continue  # it was removed since
        yield DeployedFunction(
            key=key,
            name=function.name,
            memory_mb=told.get("MemorySize", function.memory_mb),
            timeout_seconds=told.get("Timeout", function.timeout_seconds),
            storage_mb=told.get("EphemeralStorage", {}).get("Size", function.ephemeral_mb),
            runtime=told.get("Runtime", ""),
            architecture=next(iter(told.get("Architectures", ())), ""),
            code_sha256=told.get("CodeSha256", ""),
        )


def _names(value: Json) -> list[str]:
    """Return the texts in *value* that may be keys of objects."""
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < _MOST_NAMES:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and ("/" in each or "." in each):
            found.append(each)
    return sorted(set(found))


def _is_there(aws: Aws, bucket: str, owner: str, key: str) -> bool:
    try:
        aws.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=owner)
    except ClientError as error:
        if code_of(error) not in _NOT_THERE:
            raise
        return False
    return True


def _processor() -> str:
    """Return the name of this machine's processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{platform.machine()} {name}".strip()
