"""Reports of a lane's runs as files of its archive, as ``lanes report`` writes them."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.archive.manifest import LeftOut
from shared.archive.part import Content, Part, as_document, of
from shared.errors import LanesError
from shared.measure.billing.bill import price_team
from shared.measure.billing.measured_run import read_measured
from shared.measure.reports.report import FILE, write_report
from shared.measure.reports.report_run import recorded_run
from shared.run.find import find_run
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.archive.index import Index
    from shared.archive.stores import Store
    from shared.archive.subject import Subject
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


def archive_reports(
    subject: Subject, index: Index, store: Store, keep: Callable[[Part], object]
) -> tuple[LeftOut, ...]:
    """Write a report of each run in *index* that has ended, unless *store* holds it.

    Args:
        subject: Whose runs they are.
        index: What the archive has.
        store: Where it lies.
        keep: Stores a part.

    Returns:
        The runs of which no report can be made any more, and why.
    """
    lacking = []
    for run in index.entries("runs/"):
        told = run.source
        if told.get("sort") != "run" or not is_over(str(told["status"])):
            continue
        folder = f"reports/{run.path.removeprefix('runs/').removesuffix('.jsonl')}"
        source = {**told, "sort": "report"}
        if not _is_held(index, store, folder, source):
            try:
                for part in _write(subject, folder, source):
                    keep(part)
            except (LanesError, ClientError) as error:
                why = error.what if isinstance(error, LanesError) else str(error)
                lacking.append(LeftOut(f"report of run {told['run']}", why))
    return tuple(lacking)


def cost_part(lane: Lane, aws: Aws) -> Part:
    """Return the part with what the lane's runs cost, estimated, since the first that the cloud still tells of."""

    def read() -> Content:
        return Content(as_document(price_team(aws, lane, datetime.fromtimestamp(0, UTC)).as_record()))

    return Part(("costs.json",), of("description"), read, settled=False)


def _is_held(index: Index, store: Store, folder: str, source: Mapping[str, Json]) -> bool:
    """Whether the report below *folder* is there whole, and of the run as it is."""
    last = index.get(f"{folder}/{FILE}")
    if last is None or {key: value for key, value in last.source.items() if key != "file"} != source:
        return False
    return all(store.holds(each.path, each.stored) for each in index.entries(f"{folder}/"))


def _write(subject: Subject, folder: str, source: Mapping[str, Json]) -> Iterator[Part]:
    """Yield the files of a run's report, the one by which it is known last."""
    project, lane, aws = subject
    found = find_run(aws, lane, str(source["run"]), str(source["workflow"]))
    report, recorded = recorded_run(aws, read_measured(aws, found, patient=False), project)
    with tempfile.TemporaryDirectory(prefix="lanes-archive-") as scratch:
        write_report(report, Path(scratch), recorded)
        files = [path for path in Path(scratch).rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.name == FILE, path)):
            name = path.relative_to(scratch).as_posix()
            yield Part((f"{folder}/{name}",), {**source, "file": name}, partial(_bytes_of, path), settled=False)


def _bytes_of(path: Path) -> Content:
    return Content([path.read_bytes()])
