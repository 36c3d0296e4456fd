"""Makes the run of a report again on an embedded cloud, with this project's own code, as the report's input says.

Nothing of a submission is run. Its code is known by digests: where they are not those of this project's files, the run
cannot be made again, and the files are named. Its data is known likewise.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from shared.config.template import render_definition
from shared.config.worlds import MEETING
from shared.errors import LanesError, UsageError
from shared.measure.billing.measured_run import read_measured
from shared.measure.comparing.values import side_by_side
from shared.measure.reports.evidence import Images, RunManifest
from shared.measure.reports.read_evidence import read_evidence
from shared.measure.reports.read_provenance import code_digests, read_data, read_provenance, read_tables
from shared.run.express import check_keeps_runs
from shared.run.find import find_run
from shared.run.payload import build_payload, check_payload
from shared.run.start import new_run_id, start
from shared.run.upload import files_below, upload
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.measure.reports.evidence import Stored
    from shared.run.clouds import Rehearsal
    from shared.values import Json

_MOST_NAMED = 3
_LOOK = 0.1  # seconds between two looks at an execution, on a cloud that nobody shares
_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT"})


class NotRecomputable(LanesError):
    """The run of a report cannot be made again here."""


class Bench(NamedTuple):
    """Where runs are made again.

    Attributes:
        project: Whose code they run.
        aws: An embedded cloud that nobody else uses.
        here: The same, as it deploys and finds sample data.
        data: A folder whose files stand in for data that the sample lacks, by their digests; None for none.
        times: How often each run is made.
        patience: The seconds that one may take.
    """

    project: Project
    aws: Aws
    here: Rehearsal
    data: Path | None
    times: int
    patience: float


def key_of(manifest: RunManifest) -> str:
    """Return a text that is the same for reports whose runs are made again by the same runs."""
    run, told = manifest.evidence.run, manifest.provenance
    data = sorted((each.key, each.sha256 or "") for each in told.data)
    tables = sorted((each.key, each.sha256 or "") for each in told.tables)
    return json.dumps([run.team, run.workflow, json.loads(run.input), data, tables], sort_keys=True)


def check_same(project: Project, manifest: RunManifest) -> Lane:
    """Return the lane that makes the run of *manifest* again.

    Raises:
        NotRecomputable: The project lacks the team or the workflow, or its files are others than the run's.
    """
    run, told = manifest.evidence.run, manifest.provenance
    if run.team not in project.teams:
        raise NotRecomputable(f"this project has no team {run.team}", fix=f"bring its file, teams/{run.team}.yaml")
    lane = project.lane(run.team)
    if run.workflow not in lane.workflows:
        raise NotRecomputable(f"{run.team} has no workflow {run.workflow} in this project")
    try:
        check_keeps_runs(lane, run.workflow)
    except UsageError as error:
        raise NotRecomputable(error.what) from error
    if not told.code:
        raise NotRecomputable("the report has no digests of its code", fix="lanes report makes it with them")
    own = code_digests(project, lane, run.workflow)
    other = sorted(name for name in {*own, *told.code} if own.get(name) != told.code.get(name))
    if other:
        more = f" and {len(other) - _MOST_NAMED} more" if len(other) > _MOST_NAMED else ""
        raise NotRecomputable(f"other code: {', '.join(other[:_MOST_NAMED])}{more}")
    _check_definition(lane, manifest)
    if run.status not in _ENDED:
        raise NotRecomputable(f"the run is {run.status}: it did not end by itself")
    return lane


def _check_definition(lane: Lane, manifest: RunManifest) -> None:
    """See that the machine was this project's, but for the account and the region that its names hold."""
    told, run = manifest.provenance, manifest.evidence.run
    text = json.dumps(manifest.evidence.definition)
    for theirs, ours in ((told.account, lane.place.account), (told.region, lane.place.region)):
        text = text.replace(theirs, ours) if theirs else text
    other = [leaf for leaf in side_by_side(json.loads(text), render_definition(lane, run.workflow)) if not leaf.same]
    if other:
        first = other[0]
        raise NotRecomputable(
            f"another definition of {run.workflow}: {first.path} is {first.before}, here it is {first.after}"
            + (f", and {len(other) - 1} more" if len(other) > 1 else "")
        )


def make_again(bench: Bench, lane: Lane, manifest: RunManifest, tell: Callable[[str], None]) -> list[RunManifest]:
    """Return what is recorded of the run of *manifest*, made again as often as the *bench* says.

    Args:
        bench: Where.
        lane: Whose run it is, from :func:`check_same`.
        manifest: The report's file.
        tell: Gets a line before each run.

    Raises:
        NotRecomputable: Its input is refused, its data is not here, or it takes too long.
    """
    workflow = manifest.evidence.run.workflow
    payload = _payload(lane, manifest)
    try:
        bench.here.check_room(lane, workflow, payload)
        bench.here.make_ready(lane, workflow, payload)
        with _its_data(bench, lane, manifest, payload):
            again = []
            for number in range(1, bench.times + 1):
                tell(f"{lane.team} {workflow}, run {number} of {bench.times}")
                again.append(_run(bench, lane, workflow, payload))
    except NotRecomputable:
        raise
    except LanesError as error:
        raise NotRecomputable(str(error)) from error
    return again


def _payload(lane: Lane, manifest: RunManifest) -> Json:
    run = manifest.evidence.run
    given: Json = json.loads(run.input)
    try:
        payload = build_payload(lane.workflows[run.workflow], given)
        check_payload(lane, run.workflow, payload)
    except UsageError as error:
        raise NotRecomputable(f"its input is refused: {error.what}") from error
    meets = payload.get(MEETING) if isinstance(payload, dict) else None
    if meets not in (None, "", lane.rendezvous.endpoint):
        raise NotRecomputable(f"its ranks meet at {meets}, and a run that is made again reaches nothing outside")
    return payload


def _run(bench: Bench, lane: Lane, workflow: str, payload: Json) -> RunManifest:
    """Run *workflow* once and return what is recorded of it, without what it was made of, which is known."""
    whole = {**payload, **bench.here.meeting_here(lane, payload)} if isinstance(payload, dict) else payload
    run = start(bench.aws, lane, workflow, whole, new_run_id(datetime.now(UTC)))
    end = time.monotonic() + bench.patience
    while not is_over(bench.aws.states.describe_execution(executionArn=run.arn)["status"]):
        if time.monotonic() > end:
            bench.aws.states.stop_execution(
                executionArn=run.arn, error="TooLong", cause="lanes verify waited no longer"
            )
            raise NotRecomputable(
                f"it takes longer than {bench.patience:g} s here", fix="lanes verify --patience SECONDS waits longer"
            )
        time.sleep(_LOOK)
    evidence, drawn = read_evidence(bench.aws, read_measured(bench.aws, find_run(bench.aws, lane, run.id, workflow)))
    plots = (plot for section in drawn for plot in section.plots)
    return RunManifest(
        provenance=read_provenance(bench.aws, lane, workflow, None, None),
        evidence=evidence,
        figures={},  # what is compared is made of the evidence
        plots={plot.name: Images.of(plot.digests) for plot in plots if plot.digests},
    )


@contextlib.contextmanager
def _its_data(bench: Bench, lane: Lane, manifest: RunManifest, payload: Json) -> Iterator[None]:
    """See that the bucket holds the data that the report's run read, no less and no more below its places.

    What was changed for that is gone afterwards, so that the next run finds the sample as it is.

    Raises:
        NotRecomputable: It is not here.
    """
    run, wanted = manifest.evidence.run, {each.key: each for each in manifest.provenance.data}
    if unread := [key for key, each in wanted.items() if each.sha256 is None]:
        raise NotRecomputable(f"no digest of its data: {_named(unread)} was too large, or not to be read")
    there = _there(bench, lane, run.workflow, payload)
    lacking = {key: each for key, each in wanted.items() if there.get(key) != each.sha256}
    files: dict[str, Path] = {}
    if lacking:
        files = _by_digest(bench.data, {each.bytes for each in lacking.values()}) if bench.data else {}
        absent = [key for key, each in lacking.items() if each.sha256 not in files]
        if absent:
            raise NotRecomputable(
                f"its data is not here: {_named(absent)}", fix="lanes verify --data FOLDER finds files by their digests"
            )
    more = there.keys() - wanted.keys()
    try:
        upload(bench.aws, lane, {key: files[str(each.sha256)] for key, each in lacking.items()})
        _remove(bench, lane, more)
        if _there(bench, lane, run.workflow, payload) != {key: each.sha256 for key, each in wanted.items()}:
            raise NotRecomputable("its data lies elsewhere than its input says")
        _check_tables(bench.aws, lane, manifest)
        yield
    finally:
        if lacking or more:
            _remove(bench, lane, {*there, *lacking})


def _remove(bench: Bench, lane: Lane, keys: Iterable[str]) -> None:
    for key in keys:
        bench.aws.s3.delete_object(Bucket=lane.bucket, Key=key, ExpectedBucketOwner=lane.place.account)


def _there(bench: Bench, lane: Lane, workflow: str, payload: Json) -> dict[str, str | None]:
    found: Sequence[Stored] = list(read_data(bench.aws, lane, workflow, payload, bench.project))
    return {each.key: each.sha256 for each in found}


def _by_digest(folder: Path, sizes: set[int]) -> dict[str, Path]:
    """Return the files below *folder* that have one of *sizes*, by their SHA-256."""
    found = {}
    for _, path in files_below(folder):
        if path.stat().st_size in sizes:
            with path.open("rb") as file:
                found[hashlib.file_digest(file, "sha256").hexdigest()] = path
    return found


def _check_tables(aws: Aws, lane: Lane, manifest: RunManifest) -> None:
    here = {each.key: each for each in read_tables(aws, lane, manifest.evidence.run.workflow)}
    other = [each.key for each in manifest.provenance.tables if here.get(each.key) != each]
    if other:
        raise NotRecomputable(f"other items in table {_named(other)} than the sample's")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
