"""All of a lane as parts of an archive: what holds data, and what says how the lane was."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from shared.archive.logs import log_parts
from shared.archive.manifest import LeftOut
from shared.archive.objects import bucket_parts
from shared.archive.part import Content, Part, as_document, as_line, moment, of
from shared.archive.runs import executions, run_parts
from shared.archive.tables import table_part
from shared.deploy.caller import is_deployer
from shared.deploy.plan import owned
from shared.deploy.resources import (
    KINDS,
    bucket,
    database,
    function,
    log_group,
    queue,
    repository,
    secret,
    state_machine,
    table,
    wanted_resources,
)
from shared.deploy.sources import read_sources
from shared.run.upload import files_below
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.archive.subject import Subject
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.model import Resource
    from shared.values import Json

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
_FILES = ("naming.yaml", "shared/settings.yaml")
_STANDARD = "STANDARD"  # express machines keep no runs: what these did is in their logs


def resources_of(lane: Lane, aws: Aws) -> list[Resource]:
    """Return what there is of *lane*: all that carries its tags, also what no file names any more.

    A team's deployer may list no resources of the account. It gets what the lane's files name.
    """
    if not is_deployer(lane, aws):
        return owned(lane, aws)
    named = [(each.kind, each.name) for each in wanted_resources(read_sources(lane))]
    named += [(function.KIND, each.name) for each in lane.functions.values()]
    named += [(state_machine.KIND, each.name) for each in lane.workflows.values()]
    found = (KINDS[kind].current(aws, name) for kind, name in named)
    return [each for each in found if each]


def data_parts(lane: Lane, aws: Aws, resource: Resource) -> Iterator[Part]:
    """Yield what of *resource* is nowhere else once the lane is gone: objects, items, runs or logs."""
    name = resource.name
    if resource.kind == bucket.KIND:
        yield from bucket_parts(aws, name)
    elif resource.kind == table.KIND:
        yield table_part(aws, name)
    elif resource.kind == log_group.KIND:
        yield from log_parts(aws, name)
    elif resource.kind == state_machine.KIND and resource.properties["type"] == _STANDARD:
        yield from run_parts(aws, str(resource.properties["arn"]), _workflows(lane).get(name, name))


def told_parts(subject: Subject, resources: Sequence[Resource]) -> Iterator[Part]:
    """Yield what says how the lane was: its files, its resources and definitions as deployed, a list of its runs."""
    project, lane, aws = subject
    for path in _files(project, lane):
        yield _told(f"files/{path.relative_to(project.root).as_posix()}", partial(_chunks, path))
    yield _told("resources.json", lambda: as_document([_resource(each) for each in resources]))
    workflows = _workflows(lane)
    machines = [each for each in resources if each.kind == state_machine.KIND]
    for each in machines:
        definition = each.properties["definition"]
        yield _told(f"definitions/{workflows.get(each.name, each.name)}.asl.json", partial(as_document, definition))
    yield _told("runs/list.jsonl", partial(_list, aws, machines, workflows))


def left_out(lane: Lane, aws: Aws, resources: Sequence[Resource]) -> tuple[LeftOut, ...]:
    """Return what an archive of *lane* does not hold, and whether that is lost with the lane."""
    return tuple(_left_out(lane, aws, resources))


def _left_out(lane: Lane, aws: Aws, resources: Sequence[Resource]) -> Iterator[LeftOut]:
    for each in resources:
        if each.kind == secret.KIND:
            yield LeftOut(f"secret {each.name}", "its value is in no archive")
        elif each.kind == database.KIND:
            why = "save its schema by your database's own tools (pg_dump, mysqldump), then destroy without --archived"
            yield LeftOut(f"the rows behind {each.name}", why, lost=True)
        elif each.kind == queue.KIND and (waiting := _waiting(aws, each)):
            why = "its messages are kept by nobody else: let them be worked off, or purge it"
            yield LeftOut(f"{waiting} messages in queue {each.name}", why, lost=True)
        elif each.kind == repository.KIND:
            yield LeftOut(
                f"images in repository {each.name}", "they are built from the code; resources.json has digests"
            )
    if any(each.kind == bucket.KIND for each in resources):
        days = f"S3 removes them {lane.scratch_days} days after they were replaced"
        yield LeftOut("old versions of objects", days)
    if any(each.kind == function.KIND for each in resources):
        yield LeftOut("code of functions", "resources.json has its SHA-256; files/ has what the team wrote")


def _waiting(aws: Aws, found: Resource) -> int:
    asked = {"QueueUrl": found.properties["url"], "AttributeNames": list(_COUNTS)}
    told = aws.client(queue.SERVICE).get_queue_attributes(**asked)["Attributes"]
    return sum(int(told[each]) for each in _COUNTS)


def _workflows(lane: Lane) -> dict[str, str]:
    return {each.name: key for key, each in lane.workflows.items()}


def _told(path: str, read: Callable[[], Iterable[bytes]]) -> Part:
    return Part((path,), of("description"), lambda: Content(read()), settled=False)


def _chunks(path: Path) -> Iterable[bytes]:
    """Return what *path* holds: of a link where it leads, as git has it, and not what is there on this machine."""
    return [os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()]


def _files(project: Project, lane: Lane) -> Iterator[Path]:
    """Yield the files that say what the lane is: its own, those of its workflows, and what all teams share."""
    found = [project.root / each for each in _FILES]
    found += (project.root / "teams").glob(f"{lane.team}.y*ml")
    folder = project.root / "teams" / lane.team
    found += [path for _, path in files_below(folder)] if folder.is_dir() else []
    for workflow in lane.workflows.values():
        found += [workflow.template, workflow.template.with_name(f"{workflow.key}.yaml"), workflow.requirements]
    yield from (path for path in dict.fromkeys(found) if path.is_file())


def _resource(each: Resource) -> dict[str, Json]:
    """Return a resource as data. What a function's variables hold is left out: what they are called says enough."""
    properties: Mapping[str, Json] = each.properties
    if each.kind == function.KIND:
        variables: Json = sorted(as_mapping(properties["environment"]))
        properties = {**properties, "environment": variables}
    return {"kind": each.kind, "name": each.name, "tags": dict(each.tags), "properties": dict(properties)}


def _list(aws: Aws, machines: Iterable[Resource], workflows: Mapping[str, str]) -> Iterator[bytes]:
    for machine in machines:
        if machine.properties["type"] == _STANDARD:
            for each in executions(aws, str(machine.properties["arn"])):
                yield as_line(
                    {
                        "run": each["name"],
                        "workflow": workflows.get(machine.name, machine.name),
                        "status": each["status"],
                        "started": moment(each["startDate"]),
                        "stopped": moment(each.get("stopDate")),
                        "redrives": each.get("redriveCount", 0),
                    }
                )
