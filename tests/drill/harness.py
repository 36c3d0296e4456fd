"""A cloud in this process whose answers can be changed on their way to the client, and a way to read all it holds.

Faults and kills come between client and cloud, by botocore's own events: nothing of the project is patched. moto does
not model that AWS settles, and holds its state in this process: so it can be laid side by side, down to each attribute.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import os
import re
import runpy
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from moto.core.base_backend import BackendDict

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.config.platform import RESTART, rendezvous_service
from shared.deploy.apply import apply
from shared.deploy.lane_deployment import carry_out, package, plan
from shared.deploy.plan import destroy_plan
from shared.deploy.pushed import make_repositories
from shared.deploy.rendezvous import deployment as rendezvous
from shared.deploy.rendezvous.desired import kinds
from shared.local.cloud import EmbeddedCloud
from shared.local.images import images_here
from shared.run.items import load_items
from shared.run.start import start

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

FAULTS = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("faults.py"))))
READS = ("Get", "List", "Describe", "Head", "BatchGet")
# Every kind of resource that a lane may have, in as few as will do.
TEAM = """
team: drill
owner: drill@example.edu
database: true
workflows: {fmi-script: , item-map: , random-mean: , wssr: }
"""
KEPT = ("item-map-log", "wssr-init")  # a function that is a zip, and one that is an image
OF_LANES = ("iam", "s3", "logs", "lambda", "stepfunctions", "dynamodb", "budgets", "secretsmanager", "ecr")
OF_THE_RENDEZVOUS = (*OF_LANES, "ecs", "events", "cloudwatch", "route53", "ec2")
# What is another every time: when it was made, and what moto draws or counts. And AWS's own policies, which are many.
_VARIES = re.compile(
    r"aws_managed|^rr_changes$|delegation_set|attachments|time|date|created|creation|modified|_at$|timestamp|last_|pushed|revision|next_token|password|secret_string"
    r"|^version_id|uuid|^id$|unique_id|^_id$|policy_id|(^|_)arn_id|access_key|url|endpoint|transitions|etag|"
    r"default_version|next_version|task_number|change_id|caller_reference",
    re.IGNORECASE,
)
_DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(sgr?|eni|vpc|subnet|acl|rtb)-[0-9a-f]{8,}"
    r"|(?<=rendezvous-master-)\w{6}|(?<=rendezvous-[0-9a-f]{8}-)\w{6}|(?<=database-[0-9a-f]{8}-)\w{6}"
    r"|\bAROA\w{17}\b|\bZ?[A-Z0-9]{21,22}\b|(?<=lanes_platform/database-)\w{6}|ecs-svc/\d+|\b[0-9a-f]{32}\b|127\.\d+\.\d+\.\d+|:\d{4,5}(?=/)|\b(v\d+|\d{10,}(\.\d+)?)\b"
    r"|(?<=task-definition/platform-rendezvous-[0-9a-f]{8}):\d+",
)


class Killed(BaseException):
    """The process died here: nothing of it catches this."""


class Account:
    """The emulated account and who works on it.

    Attributes:
        aws: Clients whose calls this object sees.
        calls: The changing calls that were made, as ``service.Operation``.
        happened: The faults that were answered: (call, fault).
    """

    def __init__(self, project: Any, cloud: EmbeddedCloud) -> None:
        self.project = project
        self.aws = connect_endpoint(project.place, cloud.endpoint, cloud.key)
        self.calls: list[str] = []
        self.happened: list[tuple[str, Any]] = []
        self._waiting: dict[str, collections.deque[Any]] = {}
        self._left: int | None = None
        self._of: Container[str] | None = None
        self._lose: str | None = None
        events = self.aws.session.events
        events.register("before-call.*.*", self._before)
        events.register("after-call.*.*", self._after)

    def disturb(self, faults: Mapping[str, tuple[Any, ...]]) -> None:
        """Answer each call with its *faults*, one after the other, before it is let through."""
        self._waiting = {call: collections.deque(each) for call, each in faults.items()}

    def kill_after(self, calls: int | None, of: Container[str] | None = None) -> None:
        """Die when so many changing calls more were carried out, of those that *of* names; never, when None."""
        self._left, self._of = calls, of

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let somebody else's calls through, and write none of them down."""
        waiting, self._waiting = self._waiting, {}
        made = list(self.calls)
        yield
        self._waiting, self.calls = waiting, made

    def take(self) -> list[str]:
        """Return the changing calls since it was asked last."""
        taken, self.calls = self.calls, []
        return taken

    def _before(self, model: Any, **_: Any) -> Any:
        call = f"{model.service_model.service_name}.{model.name}"
        if model.name.startswith(READS):
            return None
        if self._left == 0:
            raise Killed
        queue = self._waiting.get(call)
        if not queue:
            self.calls.append(call)
            return None
        fault = queue.popleft()
        self.happened.append((call, fault))
        if fault.when == "before":
            raise EndpointConnectionError(endpoint_url="the cloud")
        if fault.when == "after":
            self._lose = call
            return None
        error = {"Code": fault.code, "Message": fault.message}
        told = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": fault.status}}
        return SimpleNamespace(status_code=fault.status), told

    def _after(self, model: Any, http_response: Any, **_: Any) -> None:
        call = f"{model.service_model.service_name}.{model.name}"
        if self._lose == call:
            self._lose = None
            raise ConnectionClosedError(endpoint_url="the cloud")
        carried_out = http_response.status_code < HTTPStatus.MULTIPLE_CHOICES and not model.name.startswith(READS)
        if self._left is not None and carried_out and (self._of is None or call in self._of):
            self._left -= 1
            if self._left == 0:
                raise Killed


@contextmanager
def account(root: Path, folder: Path) -> Iterator[Account]:
    """Give an account of the project at *root* for as long as the block lasts."""
    (root / "teams" / "drill.yaml").write_text(TEAM, encoding="utf-8")
    (root / "chalice_app" / "requirements.txt").write_text("", encoding="utf-8")  # no function is called here
    before = os.environ.get("AWS_MAX_ATTEMPTS")
    os.environ["AWS_MAX_ATTEMPTS"] = "1"  # what botocore asks again by itself is asked by nobody here
    project = load_project(root)
    try:
        with EmbeddedCloud(project.place, folder) as cloud:
            yield Account(project, cloud)
    finally:
        if before is None:
            del os.environ["AWS_MAX_ATTEMPTS"]
        else:
            os.environ["AWS_MAX_ATTEMPTS"] = before


class LaneWork:
    """Deploying and destroying a lane."""

    services = OF_LANES

    def __init__(self, account: Account, lane: Any) -> None:
        self.account = account
        self.lane = lane
        self.name = lane.team
        self._images = account.project.root / "images"

    def prepare(self) -> None:
        """Start from an account with nothing in it."""
        BackendDict.reset()

    def deploy(self) -> None:
        """Deploy, without waiting for anything."""
        self._deploy(self.lane)

    def change(self) -> None:
        """Deploy other settings, where somebody has changed all by hand meanwhile."""
        with self.account.quiet():
            _drift_of_a_lane(self.account.aws, self.lane)
        self._deploy(_changed(self.lane))

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.change, self.destroy)

    def _deploy(self, lane: Any) -> None:
        todo = plan(lane, self.account.project, self.account.aws, images=self._push(lane))
        carry_out(todo, lane, self.account.project, self.account.aws, sleep=no_sleep)

    def _push(self, lane: Any) -> dict[str, str]:
        """Make the repositories, without waiting for anything, and bring the images."""
        own = package(self.account.project, packaged=False).path
        make_repositories(lane, self.account.aws, sleep=no_sleep)
        return images_here(lane, own, self._images, self.account.aws, push=True)

    def destroy(self) -> None:
        """Destroy, without waiting for anything."""
        apply(destroy_plan(self.lane, self.account.aws), self.account.aws, sleep=no_sleep)


class TeamWork(LaneWork):
    """Deploying and destroying a sample team's lane, which nobody changes by hand meanwhile."""

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.destroy)


class RendezvousWork:
    """Deploying and destroying the rendezvous service."""

    name = "rendezvous"
    services = OF_THE_RENDEZVOUS

    def __init__(self, account: Account) -> None:
        self.account = account
        self.service = rendezvous_service(account.project)

    def prepare(self) -> None:
        """Start from an account that has the zone and nothing else."""
        BackendDict.reset()
        zone = self.service.zone
        self.account.aws.client("route53").create_hosted_zone(Name=zone, CallerReference="1")
        self.account.take()

    def deploy(self) -> None:
        """Deploy, without waiting for anything."""
        self._deploy(self.service)

    def change(self) -> None:
        """Deploy other settings, where somebody has changed all by hand meanwhile."""
        with self.account.quiet():
            _drift_of_the_rendezvous(self.account.aws, self.service)
        self._deploy(dataclasses.replace(self.service, cpu=512, memory_mb=1024, restart="rate(7 days)"))

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.change, self.destroy)

    def _deploy(self, service: Any) -> None:
        todo = rendezvous.plan(service, self.account.project, self.account.aws)
        rendezvous.carry_out(todo, service, self.account.project, self.account.aws, sleep=no_sleep)

    def destroy(self) -> None:
        """Destroy, without waiting for anything."""
        todo = rendezvous.destroy_plan(self.service, self.account.aws)
        apply(todo, self.account.aws, kinds=kinds(self.service), sleep=no_sleep)


def _drift_of_a_lane(aws: Any, lane: Any) -> None:
    """Change by hand all that a deploy puts right."""
    wide = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'
    zipped = lane.functions[KEPT[0]]
    iam, s3, owner = aws.iam, aws.s3, ["owner"]
    managed = iam.create_policy(PolicyName="Wide", PolicyDocument=wide)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=zipped.role, PolicyArn=managed)
    iam.put_role_policy(RoleName=zipped.role, PolicyName="by-hand", PolicyDocument=wide)
    iam.put_role_policy(RoleName=zipped.role, PolicyName="lane", PolicyDocument=wide)
    iam.update_assume_role_policy(RoleName=zipped.role, PolicyDocument=trust)
    iam.delete_role_permissions_boundary(RoleName=zipped.role)
    iam.untag_role(RoleName=zipped.role, TagKeys=owner)
    iam.create_policy_version(PolicyArn=lane.boundary_arn, PolicyDocument=wide, SetAsDefault=True)
    iam.untag_policy(PolicyArn=lane.boundary_arn, TagKeys=owner)
    bucket = {"Bucket": lane.bucket}
    s3.delete_bucket_policy(**bucket)
    s3.delete_public_access_block(**bucket)
    s3.delete_bucket_ownership_controls(**bucket)
    s3.delete_bucket_encryption(**bucket)
    s3.delete_bucket_lifecycle(**bucket)
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"})
    mine = [{"Key": key, "Value": value} for key, value in {"team": lane.team, "stage": lane.place.stage}.items()]
    s3.put_bucket_tagging(**bucket, Tagging={"TagSet": [*mine, {"Key": "managed-by", "Value": "teamlanes"}]})
    s3.put_object(**bucket, Key="results/a", Body=b"1")
    load_items(aws, lane.tables[0], ["a"])
    start(aws, lane, "item-map", {"waitDurationSeconds": 86_400}, "run-1")
    _drift_of_functions(aws, lane)


def _drift_of_functions(aws: Any, lane: Any) -> None:
    zipped, image = (lane.functions[key] for key in KEPT)
    wide, owner = '{"Version": "2012-10-17", "Statement": []}', ["owner"]
    aws.logs.put_retention_policy(logGroupName=zipped.log_group, retentionInDays=1)
    aws.logs.untag_resource(resourceArn=lane.place.arn("logs", f"log-group:{zipped.log_group}"), tagKeys=owner)
    aws.logs.put_resource_policy(policyName="teamlanes-states", policyDocument=wide)
    machine = lane.state_machine_arn("item-map")
    aws.states.untag_resource(resourceArn=machine, tagKeys=owner)
    aws.states.update_state_machine(stateMachineArn=machine, roleArn=lane.role_arn(zipped.role))
    manager = aws.client("secretsmanager")
    manager.put_secret_value(SecretId=lane.rendezvous_key, SecretString="by hand")
    manager.untag_resource(SecretId=lane.rendezvous_key, TagKeys=owner)
    manager.update_secret(SecretId=lane.database.secret, Description="in the making")
    (table,) = lane.tables
    tables = aws.client("dynamodb")
    tables.untag_resource(ResourceArn=lane.table_arn(table), TagKeys=owner)
    rates = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    tables.update_table(TableName=table.name, BillingMode="PROVISIONED", ProvisionedThroughput=rates)
    for key in KEPT:
        aws.lambda_.untag_resource(Resource=lane.function_arn(key), TagKeys=owner)
    aws.lambda_.tag_resource(Resource=lane.function_arn(KEPT[0]), Tags={"note": "by hand"})
    aws.lambda_.update_function_configuration(FunctionName=zipped.name, Handler="by.hand")
    aws.lambda_.update_function_configuration(FunctionName=image.name, Timeout=7)
    aws.lambda_.put_function_concurrency(FunctionName=image.name, ReservedConcurrentExecutions=3)
    aws.lambda_.put_function_concurrency(FunctionName=zipped.name, ReservedConcurrentExecutions=3)
    ecr = aws.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=image.image.repository, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(
        repositoryName=image.image.repository, imageScanningConfiguration={"scanOnPush": False}
    )
    ecr.delete_repository_policy(repositoryName=image.image.repository)
    ecr.untag_resource(resourceArn=lane.place.arn("ecr", f"repository/{image.image.repository}"), tagKeys=owner)


def _changed(lane: Any) -> Any:
    """Return the lane with other settings of its functions and its budget."""
    (zipped, image), budget = KEPT, dataclasses.replace(lane.budget, monthly_usd=99)
    functions = {
        zipped: dataclasses.replace(lane.functions[zipped], memory_mb=256, reserved_concurrency=2),
        image: dataclasses.replace(lane.functions[image], memory_mb=512),
    }
    return dataclasses.replace(lane, functions=functions, budget=budget)


def _drift_of_the_rendezvous(aws: Any, service: Any) -> None:
    """Change by hand all that a deploy puts right."""
    ec2, ecs, events, project = aws.client("ec2"), aws.client("ecs"), aws.client("events"), ["project"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [service.security_group]}])
    (group,) = groups["SecurityGroups"]
    everyone = [{"CidrIp": "0.0.0.0/0"}]
    for change, port in ((ec2.authorize_security_group_ingress, 22), (ec2.revoke_security_group_ingress, 10000)):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": everyone}
        change(GroupId=group["GroupId"], IpPermissions=[rule])
    ec2.delete_tags(Resources=[group["GroupId"]], Tags=[{"Key": "project"}])
    ecs.untag_resource(resourceArn=service.cluster_arn, tagKeys=project)
    ecs.untag_resource(resourceArn=service.service_arn, tagKeys=project)
    for rule in service.rules.values():
        events.disable_rule(Name=rule)
        events.untag_resource(ResourceARN=events.describe_rule(Name=rule)["Arn"], TagKeys=project)
    each = service.lane.functions[RESTART]
    aws.lambda_.remove_permission(FunctionName=each.name, StatementId=service.rules[RESTART])
    aws.client("cloudwatch").disable_alarm_actions(AlarmNames=[service.alarm])
    arn = service.lane.place.arn("cloudwatch", f"alarm:{service.alarm}")
    aws.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=project)


def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


def small_lane(project: Any) -> Any:
    """Return a lane with one or two of every kind of resource."""
    lane = project.lane("drill")
    functions = {key: lane.functions[key] for key in KEPT}
    workflows = {"item-map": lane.workflows["item-map"]}
    return dataclasses.replace(lane, functions=functions, workflows=workflows)


def run(step: Callable[[], None], account: Account, kill_after: int, of: Container[str] | None = None) -> bool:
    """Take *step*, killed after so many calls, and say whether it came to its end."""
    account.kill_after(kill_after, of)
    try:
        step()
    except Killed:
        return False
    finally:
        account.kill_after(None)
    return True


def dump(services: tuple[str, ...]) -> dict[str, Any]:
    """Return all that the emulated account holds in *services*, without what is another every time."""
    from moto.backends import get_backend  # moto finds its parts when asked

    found: dict[str, Any] = {}
    for service in services:
        for own, regions in get_backend(service).items():
            for region, backend in list(regions.items()):
                found[f"{service} {own} {region}"] = _groups(backend) if service == "ec2" else _plain(vars(backend), ())
    return found


def _groups(ec2: Any) -> dict[str, Any]:
    """Return the security groups by name: of the rest of EC2, each account has what AWS makes there."""
    groups = {group.name: group for of_vpc in ec2.groups.values() for group in of_vpc.values()}
    return {
        name: _plain([group.ingress_rules, group.egress_rules, group.get_tags()], ()) for name, group in groups.items()
    }


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """Return *value* as plain data that compares: lists without order, and no entry twice (as moto keeps tags)."""
    if isinstance(value, str | bytes):
        return _plain_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if id(value) in above:
        return "above"
    above = (*above, id(value))
    if isinstance(value, dict):
        return _plain_mapping(value, above)
    if isinstance(value, list | tuple | set | frozenset | collections.deque):
        return _once([_plain(inner, above) for inner in value])
    return _plain_object(value, above)


def _plain_text(value: str | bytes) -> str:
    if isinstance(value, str) and len(value) < _A_FILE:
        return _DRAWN.sub("*", value)
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def _plain_mapping(value: dict[Any, Any], above: tuple[int, ...]) -> dict[str, Any]:
    """Return *value* as plain data; what has keys that are drawn stands under one, as roles do that moto has by id."""
    found: dict[str, list[Any]] = collections.defaultdict(list)
    for key, inner in value.items():
        if getattr(inner, "stopped_reason", None):
            continue  # a task of ECS that is over, which AWS tells of for an hour: one more deployment leaves one more
        name = _DRAWN.sub("*", str(key))
        found[name].append("*" if _VARIES.search(name) else _plain(inner, above))
    told = {name: each[0] if len(each) == 1 else _once(each) for name, each in found.items()}
    return {name: told[name] for name in sorted(told) if told[name] not in ({}, [])}  # moto makes empty ones by reading


def _once(entries: list[Any]) -> list[Any]:
    """Return *entries* in an order that compares, and none twice."""
    return [each for _, each in sorted({repr(each): each for each in entries}.items())]


def _plain_object(value: Any, above: tuple[int, ...]) -> Any:
    name = type(value).__name__
    if not type(value).__module__.startswith("moto.") or (name.endswith("Backend") and len(above) > 2):
        return name
    return {"is": name, **_plain_mapping(vars(value), above)} if hasattr(value, "__dict__") else name


def different(one: Any, other: Any, path: str = "") -> list[str]:
    """Return a line for each place where two dumps differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in different(one.get(key, "absent"), other.get(key, "absent"), f"{path}/{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [line for left, right in zip(one, other, strict=True) for line in different(left, right, f"{path}[]")]
    return [] if one == other else [f"{path}: {str(one)[:300]} -> {str(other)[:300]}"]


class Outcome(NamedTuple):
    """What came of one fault, or of one kill: the call, what befell it, and what is not as it should be."""

    call: str
    what: str
    wrong: list[str]


class Undisturbed(NamedTuple):
    """What steps do when nothing is in their way: each one's calls, and what the account then holds."""

    calls: tuple[list[str], ...]
    ends: tuple[dict[str, Any], ...]

    def all_calls(self) -> set[str]:
        """Return every call of every step."""
        return set().union(*self.calls)


def undisturbed(work: Any, steps: tuple[Callable[[], None], ...]) -> Undisturbed:
    """Take *steps* of *work*, from an account with nothing in it, and write down what comes of them."""
    work.prepare()
    work.account.take()
    calls, ends = [], []
    for step in steps:
        step()
        calls.append(work.account.take())
        ends.append(dump(work.services))
    return Undisturbed(tuple(calls), tuple(ends))


def killed_at_every_call(work: Any, first: int = 0, every: int = 1) -> Iterator[Outcome]:
    """Kill a deploy after each of its changing calls, then a destroy; run each again, and lay the account side by side.

    Between two calls nothing happens to the cloud, so killed after one call is killed before the next. From the *first*
    call on, *every* so many: so processes share the work.
    """
    steps = (work.deploy, work.destroy)
    known = undisturbed(work, steps)
    for at in range(first, max(map(len, known.calls)), every):
        work.prepare()
        for calls, step, end in zip(known.calls, steps, known.ends, strict=True):
            killed = at < len(calls) and not run(step, work.account, at + 1)
            step()
            if killed:
                wrong = different(end, dump(work.services))
                yield Outcome(calls[at], f"{step.__name__} killed after call {at + 1}", wrong)
        work.account.take()


def killed_again_and_again(work: Any, of: Container[str] | None = None) -> Iterator[Outcome]:
    """Kill a deploy, and a destroy, after the next changing call, each time that it is run again, until it is done.

    After those that *of* names, if not after all.
    """
    steps = (work.deploy, work.destroy)
    known = undisturbed(work, steps)
    work.prepare()
    for step, end in zip(steps, known.ends, strict=True):
        work.account.take()
        last, calls = "", 1
        for _ in range(_TRIES):
            if run(step, work.account, calls, of):
                break
            call = work.account.take()[-1]
            # Chalice sets the retention of a function's logs each time before all else: that far it was already.
            last, calls = call, calls + 1 if call == last else 1
            yield Outcome(call, f"{step.__name__} killed after its next call", [])
        yield Outcome("", f"{step.__name__} run to its end", different(end, dump(work.services)))


def disturbed(work: Any, known: Undisturbed, faults_of: Callable[[str], tuple[Any, ...]]) -> Iterator[Outcome]:
    """Deploy, change and destroy with every fault of every call, so many of a call at a time; none may need a rerun.

    *known* is what these steps do undisturbed.
    """
    calls, account = known.all_calls(), work.account
    rounds = max(-(-len(faults_of(call)) // IN_A_ROW) for call in calls)
    for number in range(rounds):
        some = slice(number * IN_A_ROW, (number + 1) * IN_A_ROW)
        work.prepare()
        account.happened = []
        account.disturb({call: faults_of(call)[some] for call in calls})
        wrong = []
        for step, end in zip(work.steps(), known.ends, strict=True):
            step()
            wrong += [line for line in different(end, dump(work.services)) if not _TWICE.search(line)]
        account.disturb({})
        yield from (Outcome(call, str(fault), wrong) for call, fault in account.happened)


IN_A_ROW = 6  # faults of one call: all of them pass in less time than it has
_A_FILE = 100_000  # characters: code, which nothing drawn is in
_TRIES = 200  # of a command that is killed after its next call; each gets a call further
# Done twice when the answer is lost, and harmless: a further revision of the same, which nothing uses.
_TWICE = re.compile(r"/task_definitions/|/versions")
