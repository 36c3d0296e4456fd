"""Uploads files of this machine to where a run can read them: the team's bucket, under the run's own id."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.exceptions import Boto3Error

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Parameter


def upload_files(
    aws: Aws, lane: Lane, specs: Iterable[Parameter], given: Mapping[str, str | list[str]], run_id: str
) -> dict[str, str]:
    """Upload the files of this machine that a user named, and return the parameters that named them with their keys.

    Args:
        aws: Where the bucket is.
        lane: Whose it is.
        specs: The workflow's parameters; those with ``upload`` may name a file.
        given: The parameters that the user wrote on the command line, with underscores: only these can name a file of
            this machine.
        run_id: The run's id.

    Returns:
        A key of the bucket for each parameter: ``<upload>/<run id>/<name>`` for a file, the same with a slash at its
        end for a folder, or the value itself where it names an object of the bucket.

    Raises:
        UsageError: A value names neither a file or folder here nor an object of the bucket.
        LanesError: The bucket refuses.
    """
    return {
        spec.name: _bring(aws, lane, spec, value, run_id)
        for spec in specs
        if spec.upload and isinstance(value := given.get(spec.name.replace("-", "_")), str)
    }


def _bring(aws: Aws, lane: Lane, spec: Parameter, value: str, run_id: str) -> str:
    path = Path(value)
    if not path.exists():
        _must_be_there(aws, lane, spec.name, value)
        return value
    key = f"{spec.upload}/{run_id}/{path.resolve().name}"
    files = {key: path} if path.is_file() else {f"{key}/{name}": file for name, file in files_below(path)}
    if not files:
        raise UsageError(f"{spec.name}: there is no file in it", where=value, fix="name a file, or a folder with files")
    try:
        upload(aws, lane, files)
    except (Boto3Error, OSError) as error:
        raise LanesError(f"{spec.name} cannot be uploaded: {error}", where=f"s3://{lane.bucket}/{key}") from error
    return key if path.is_file() else f"{key}/"


def upload(aws: Aws, lane: Lane, files: Mapping[str, Path]) -> None:
    """Write each file to its key in the lane's bucket, several at once."""
    owner = {"ExpectedBucketOwner": lane.place.account}
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda key: aws.s3.upload_file(str(files[key]), lane.bucket, key, ExtraArgs=owner), files))


def _must_be_there(aws: Aws, lane: Lane, name: str, key: str) -> None:
    owner = lane.place.account
    answer = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix=key, MaxKeys=1, ExpectedBucketOwner=owner)
    found = answer.get("Contents", [])
    if not found or (found[0]["Key"] != key and not key.endswith("/")):
        raise UsageError(
            f"{name}: there is no file or folder {key!r} here, and no such object in the bucket",
            where=f"s3://{lane.bucket}",
            fix=f"correct --{name.replace('_', '-')}",
        )


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (relative name, file) for all files except hidden ones and compiled Python."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield "/".join(parts), path
