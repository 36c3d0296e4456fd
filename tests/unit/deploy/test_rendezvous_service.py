"""The rendezvous service planned and applied: made, left alone, mended, finished after a failure, and removed.

moto's services have no tasks; the embedded cloud's Fargate (shared/local/fargate.py) gives them some, each with a real
rendezvous server behind its address.
"""

import dataclasses
import urllib.request

import pytest

from shared.config.lane import Place
from shared.config.load import load_project
from shared.config.platform import CHECK, RESTART, rendezvous_service
from shared.deploy.apply import ApplyError, InterruptedApplyError, apply
from shared.deploy.guard import OwnershipError
from shared.deploy.rendezvous.deployment import network, plan_service_removal, prepare_service
from shared.deploy.rendezvous.desired import kinds, operated
from shared.deploy.rendezvous_keys import MASTER_SECRET, read_master, signed
from shared.deploy.resources import alarm
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.fmi.rendezvous.health import check
from shared.fmi.rendezvous.keys import Namespace, team_key
from shared.handlers.fmi.meeting import Meeting
from shared.handlers.rendezvous.operated import ServiceError
from shared.handlers.rendezvous.record import point
from shared.handlers.rendezvous.restart import restart
from shared.handlers.rendezvous.service import await_ready, follow, observe, renew
from shared.local import fargate
from shared.local.enforcement.gate import Gate
from shared.local.enforcement.judge import Judge

HOST, ZONE = "rendezvous.uva-ds5110.com", "uva-ds5110.com"
PORT = 10000


@pytest.fixture(scope="module")
def clients(connect):
    return connect()


@pytest.fixture
def aws(clients, cloud):
    """Return clients of an empty cloud: the same ones for every test, for they take long to make."""
    return clients


@pytest.fixture
def fleet(cloud):
    with fargate.install():
        yield


@pytest.fixture(scope="session")
def platform(copy_project, tmp_path_factory):
    return load_project(copy_project(tmp_path_factory.mktemp("platform") / "project"))


@pytest.fixture
def service(platform):
    return rendezvous_service(platform)


@pytest.fixture
def zone(aws, fleet):
    return aws.client("route53").create_hosted_zone(Name=ZONE, CallerReference="1")["HostedZone"]["Id"]


@pytest.fixture
def deploy(aws, platform):
    """Return a function that plans and applies a service, and returns the plan."""

    def run(service, on_step=lambda _step: None):
        deployment = prepare_service(service, platform, aws)
        todo = deployment.plan()
        deployment.carry_out(todo, Watch(on_step=on_step, sleep=never))
        return todo

    return run


def never(_seconds):
    pytest.fail("it waited for what is there already")


def changes(todo):
    return [f"{step.action} {step.kind}" for step in todo.changes]


def records(aws, zone):
    found = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(r["Name"], r["Type"]): r["ResourceRecords"][0]["Value"] for r in found if r["Type"] in {"A", "TXT"}}


@pytest.mark.usefixtures("fleet")
def test_it_is_made_pairs_ranks_is_left_alone_and_removed_without_a_trace(aws, zone, service, deploy, platform):
    done = deploy(service)
    assert changes(done) == [
        "create rendezvous master key",
        *["create log group"] * 3,
        "create rendezvous key",
        "create repository",
        "create policy",
        *["create role"] * 3,
        "create security group",
        "create cluster",
        "create task definition",
        "create service",
        "create record",
        *["create function"] * 2,
        *["create rule"] * 2,
        "create alarm",
    ]
    state = observe(aws.client, operated(service))
    assert state.ready
    assert records(aws, zone) == {
        (f"{HOST}.", "A"): state.address,
        (f"_teamlanes.{HOST}.", "TXT"): '"team=platform,owner=platform,stage=dev,managed-by=teamlanes"',
    }
    signer = signed(service.lane, aws)
    assert check(state.address, PORT, 5, 1, namespace=signer).ok
    assert "not signed" in check(state.address, PORT, 5, 1).reason
    with urllib.request.urlopen(f"http://{state.address}:{PORT + 1}/readyz", timeout=5) as page:
        assert page.status == 200
    assert prepare_service(service, platform, aws).plan().changes == ()

    todo = plan_service_removal(service, aws)
    assert len(todo.changes) == len(done.changes) - 1
    assert "rendezvous master key" not in {step.kind for step in todo.steps}
    apply(todo, aws, Watch(sleep=never), kinds=kinds(service))
    assert plan_service_removal(service, aws).steps == ()
    assert records(aws, zone) == {}
    assert read_master(aws), "teams hold keys made from it"
    assert check(state.address, PORT, 1, 0.5).status == "refused"


def test_a_new_image_moves_service_and_record_to_a_new_task(aws, zone, service, deploy, platform):
    deploy(service)
    before = observe(aws.client, operated(service))
    newer = dataclasses.replace(service, image="example.edu/rendezvous:2")
    todo = prepare_service(newer, platform, aws).plan()
    assert changes(todo) == [
        "update policy",
        "update role",
        "update task definition",
        "update service",
        "update record",
    ]
    lines = [line for step in todo.changes for line in step.diff]
    assert any(line.startswith("container.image: ") and line.endswith(" -> example.edu/rendezvous:2") for line in lines)
    assert f"address: {before.address} -> that of the new task" in lines
    deploy(newer)
    after = observe(aws.client, operated(service))
    assert after.address != before.address
    assert after.recorded == after.address
    assert check(after.address, PORT, 5, 1, namespace=signed(service.lane, aws)).ok
    assert check(before.address, PORT, 1, 0.5).status == "refused"
    assert prepare_service(newer, platform, aws).plan().changes == ()


def test_a_master_that_was_changed_reaches_a_new_task_and_the_functions_key(aws, zone, service, deploy, platform):
    deploy(service)
    new = b"n" * 32
    aws.client("secretsmanager").put_secret_value(SecretId=MASTER_SECRET, SecretString=new.hex())
    todo = deploy(service)
    assert changes(todo) == [
        "update rendezvous key",
        "update task definition",
        "update service",
        "update record",
    ]
    assert new.hex() not in repr(todo)
    address = observe(aws.client, operated(service)).address
    team = Namespace("tomorrow", key=team_key(new, "tomorrow"))
    assert check(address, PORT, 5, 1, namespace=team).ok
    assert check(address, PORT, 5, 1, namespace=signed(service.lane, aws)).ok
    assert prepare_service(service, platform, aws).plan().changes == ()


def test_old_clients_are_let_in_by_a_setting(aws, zone, service, deploy):
    lenient = dataclasses.replace(service, allow_open=True)
    deploy(lenient)
    address = observe(aws.client, operated(service)).address
    assert check(address, PORT, 5, 1).ok
    forged = Namespace("team1", key=b"f" * 32)
    assert not check(address, PORT, 5, 1, namespace=forged).ok


@pytest.fixture
def zone_alone(aws, cloud):
    return aws.client("route53").create_hosted_zone(Name=ZONE, CallerReference="1")["HostedZone"]["Id"]


@pytest.mark.usefixtures("zone_alone")
def test_ecs_takes_the_tasks_roles_and_they_read_what_the_task_is_given(aws, service, deploy):
    judge = Judge("123456789012")
    gate = Gate(judge, "123456789012")

    def assumes(*asked):
        judge.changed()  # nobody watches the calls of this test
        return gate.assumes(*asked)

    with fargate.install(assumes, gate.permit):
        deploy(service)
        assert observe(aws.client, operated(service)).ready


def denied_secret(*_):
    raise LanesError("User: r is not authorized to perform: secretsmanager:GetSecretValue")


REFUSED = {
    "cannot be taken": (
        {"assumes": lambda *_: False},
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/",
    ),
    "read nothing": ({"permit": denied_secret}, "ResourceInitializationError: User: r is not authorized"),
}


@pytest.mark.usefixtures("zone_alone")
@pytest.mark.parametrize("case", REFUSED)
def test_a_task_whose_roles_fall_short_does_not_start(service, deploy, case):
    how, reason = REFUSED[case]
    with fargate.install(**how), pytest.raises(LanesError) as stopped:
        deploy(service)
    assert reason in str(stopped.value)


def test_a_task_whose_secret_is_gone_does_not_start(aws, zone, service, deploy):
    deploy(service)
    aws.client("secretsmanager").delete_secret(SecretId=MASTER_SECRET, ForceDeleteWithoutRecovery=True)
    renew(aws.client, operated(service))
    with pytest.raises(ServiceError, match="its last task stopped: ResourceInitializationError"):
        await_ready(aws.client, operated(service), never)


def test_what_drifted_is_mended(aws, zone, service, deploy, platform):
    deploy(service)
    ec2, ecs, events = aws.client("ec2"), aws.client("ecs"), aws.client("events")
    filters = [{"Name": "group-name", "Values": [service.security_group]}]
    group = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    everyone = [{"CidrIp": "0.0.0.0/0"}]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everyone}
    pairing = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": everyone}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[pairing])
    ecs.untag_resource(resourceArn=service.cluster_arn, tagKeys=["project"])
    ecs.update_service(cluster=service.cluster, service=service.service, desiredCount=0)
    one_at_once = {"minimumHealthyPercent": 0, "maximumPercent": 100}
    ecs.update_service(cluster=service.cluster, service=service.service, deploymentConfiguration=one_at_once)
    events.disable_rule(Name=service.rules[CHECK])
    aws.client("cloudwatch").disable_alarm_actions(AlarmNames=[service.alarm])
    aws.lambda_.remove_permission(FunctionName=service.lane.functions[RESTART].name, StatementId=service.rules[RESTART])
    todo = deploy(service)
    assert changes(todo) == [
        "update security group",
        "update cluster",
        "update service",
        "update record",
        "update rule",
        "update rule",
        "update alarm",
    ]
    moved = todo.changes[2].diff
    assert "deployment.minimumHealthyPercent: 0 -> 100" in moved
    assert 'deployment.deploymentCircuitBreaker: absent -> {"enable": true, "rollback": true}' in moved
    assert todo.changes[0].diff == ("ingress: - tcp 22 from 0.0.0.0/0", "ingress: + tcp 10000 from 0.0.0.0/0")
    assert prepare_service(service, platform, aws).plan().changes == ()


def test_a_task_that_does_not_start_stops_the_deploy_with_its_reason_and_the_next_one_finishes(
    aws, zone, service, deploy, platform
):
    todo = prepare_service(service, platform, aws).plan()
    broken = dataclasses.replace(todo, steps=tuple(_run_sleep(step) for step in todo.steps))
    with pytest.raises(ApplyError) as caught:
        prepare_service(service, platform, aws).carry_out(broken, Watch(sleep=never))
    message = str(caught.value)
    assert f"could not create service {service.service}: ECS gave up on it" in message
    assert "its last task stopped: CannotStartContainerError" in message
    assert f"done: create cluster {service.cluster}" in message
    assert f"left: create record {HOST}" in message
    assert "see that the image exists" in message
    done = deploy(service)
    assert changes(done)[:3] == ["update task definition", "update service", "create record"]
    assert "rollout: failed -> sound" in done.changes[1].diff
    assert observe(aws.client, operated(service)).recorded
    assert prepare_service(service, platform, aws).plan().changes == ()


def _run_sleep(step):
    """Return *step* with another command in the container, as an image that is not what it should be."""
    if step.kind != "task definition":
        return step
    (call,) = step.calls
    container = {**call.params["containerDefinitions"][0], "command": ["sleep", "1"]}
    return dataclasses.replace(
        step, calls=(dataclasses.replace(call, params={**call.params, "containerDefinitions": [container]}),)
    )


def test_a_deploy_cut_off_before_the_record_is_finished_by_the_next(aws, zone, service, deploy, platform):
    def cut(step):
        if step.kind == "service":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedApplyError):
        deploy(service, on_step=cut)
    assert changes(deploy(service))[0] == "create record"
    assert prepare_service(service, platform, aws).plan().changes == ()


def test_a_new_image_that_ecs_goes_back_from_is_told(aws, zone, service, deploy, platform):
    deploy(service)
    newer = dataclasses.replace(service, image="example.edu/rendezvous:2")
    todo = prepare_service(newer, platform, aws).plan()
    broken = dataclasses.replace(todo, steps=tuple(_without_update(step) for step in todo.steps))
    with pytest.raises(ApplyError, match=r"ECS went back to platform-rendezvous-[0-9a-f]+:1"):
        prepare_service(newer, platform, aws).carry_out(broken, Watch(sleep=never))
    deploy(newer)
    assert prepare_service(newer, platform, aws).plan().changes == ()


def _without_update(step):
    """Return *step* without the call that moves the service: afterwards it is where ECS would have put it back."""
    kept = tuple(call for call in step.calls if getattr(call, "name", "") != "update service")
    return dataclasses.replace(step, calls=kept)


def test_a_record_of_somebody_elses_is_refused_and_left(aws, zone, service, deploy):
    address = {"Name": HOST, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": address}]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    with pytest.raises(OwnershipError) as caught:
        deploy(service)
    assert f"record {HOST} exists and carries no tag" in str(caught.value)
    assert f'a TXT record _teamlanes.{HOST} that holds "team=platform,' in str(caught.value)
    assert plan_service_removal(service, aws).steps == ()
    assert records(aws, zone) == {(f"{HOST}.", "A"): "192.0.2.7"}


def test_a_host_that_changed_leaves_no_record_behind(aws, zone, service, deploy, platform):
    def called(host):
        rendezvous = dataclasses.replace(service.lane.rendezvous, host=host)
        return dataclasses.replace(service, lane=dataclasses.replace(service.lane, rendezvous=rendezvous))

    deploy(service)
    theirs = {"Name": f"_teamlanes.lab.{ZONE}", "Type": "TXT", "TTL": 30}
    theirs["ResourceRecords"] = [{"Value": '"team=platform,stage=prod,managed-by=teamlanes"'}]
    theirs_too = {"Name": f"lab.{ZONE}", "Type": "A", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": each} for each in (theirs, theirs_too)]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    newer = called(f"meet.{ZONE}")
    done = changes(deploy(newer))
    assert [each for each in done if "record" in each] == ["create record", "delete record"]
    names = {name for name, _ in records(aws, zone)}
    assert names == {f"{host}.{ZONE}." for host in ("meet", "_teamlanes.meet", "lab", "_teamlanes.lab")}
    assert prepare_service(newer, platform, aws).plan().changes == ()
    apply(plan_service_removal(called(f"third.{ZONE}"), aws), aws, Watch(sleep=never), kinds=kinds(newer))
    assert {name for name, _ in records(aws, zone)} == {f"lab.{ZONE}.", f"_teamlanes.lab.{ZONE}."}


def test_the_alarm_counts_failed_checks_as_the_settings_say(aws, zone, service, deploy, platform):
    topic = "arn:aws:sns:us-east-1:123456789012:on-call"
    deploy(dataclasses.replace(service, notify=topic))
    cloudwatch = aws.client("cloudwatch")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[service.alarm])["MetricAlarms"]
    assert found["Dimensions"] == [{"Name": "FunctionName", "Value": service.lane.functions[CHECK].name}]
    assert (found["Period"], found["EvaluationPeriods"], found["DatapointsToAlarm"]) == (300, 4, 3)
    assert found["AlarmActions"] == found["OKActions"] == found["InsufficientDataActions"] == [topic]
    cloudwatch.set_alarm_state(AlarmName=service.alarm, StateValue="ALARM", StateReason="three checks failed")
    assert alarm.state(aws, service.alarm) == "ALARM"
    (step,) = prepare_service(service, platform, aws).plan().changes
    assert {line.partition(":")[0] for line in step.diff} == {"AlarmActions", "OKActions", "InsufficientDataActions"}
    deploy(service)
    assert prepare_service(service, platform, aws).plan().changes == ()


@pytest.mark.parametrize(("failures", "successes"), [(3, 2), (1, 1), (2, 5), (5, 1)])
def test_so_many_failures_set_it_off_and_so_many_successes_end_it(failures, successes):
    watch = alarm.Watch("f", 300, failures, successes)
    settings = alarm.desired("a", Place("123456789012", "us-east-1", "dev"), {}, watch).properties
    last, needed = settings["EvaluationPeriods"], settings["DatapointsToAlarm"]

    def alarmed(checks):
        return checks[-last:].count("failed") >= needed

    well, down = ["well"] * 9, ["failed"] * 9
    assert alarmed([*well, *["failed"] * failures])
    assert not alarmed([*well, *["failed"] * (failures - 1)])
    assert not alarmed([*down, *["well"] * successes])
    assert alarmed([*down, *["well"] * (successes - 1)])


def test_a_missing_zone_and_a_missing_network_are_told_before_anything_is_done(aws, service, platform, zone):
    with pytest.raises(ServiceError, match=r"no public hosted zone nowhere\.edu"):
        prepare_service(dataclasses.replace(service, zone="nowhere.edu"), platform, aws).plan()
    ec2 = aws.client("ec2")
    found = network(aws, ())
    own = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=own, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    assert network(aws, (subnet,)).cidr == "10.9.0.0/16"
    with pytest.raises(LanesError, match="the subnets lie in 2 networks"):
        network(aws, (subnet, found.subnets[0]))


def test_each_role_may_do_its_part_and_no_more(aws, zone, service, platform):
    todo = prepare_service(service, platform, aws).plan()
    grants = {step.name: " ".join(step.diff) for step in todo.changes if step.kind == "role"}
    restart_, check_ = (grants[service.lane.functions[key].role] for key in (RESTART, CHECK))
    assert f"ecs:UpdateService on {service.service_arn}" in restart_
    assert "UpdateService" not in check_
    pull = grants[service.execution_role]
    assert "repository/platform/rendezvous" in pull
    assert "ecs:" not in pull
    assert "secret:platform/rendezvous-master-??????" in pull
    own = f"secret:{service.lane.rendezvous_key}-??????"
    assert own in restart_
    assert own in check_
    assert "rendezvous-master" not in restart_ + check_


class Operated:
    """The service after a deploy, and what a restart of it said."""

    def __init__(self, aws, service):
        self.aws, self.service, self.signer = aws, operated(service), signed(service.lane, aws)
        self.told = []

    def state(self):
        return observe(self.aws.client, self.service)

    def restart(self):
        at = Meeting(HOST, PORT, 5, 1)
        return restart(self.aws.client, self.service, at, self.signer, tell=self.told.append, sleep=never)


@pytest.fixture
def running(aws, zone, service, deploy):
    deploy(service)
    return Operated(aws, service)


def test_a_restart_moves_the_record_to_a_new_task_that_pairs(running):
    before = running.state()
    verdict = running.restart()
    after = running.state()
    assert verdict.ok
    assert (after.recorded, after.address) == (verdict.address, verdict.address)
    assert after.address != before.address
    assert after.deployment != before.deployment
    assert running.told[:3] == [
        f"{running.service.service}: a new task beside the one at {before.address}",
        f"the new task is healthy at {after.address}",
        f"{HOST} points at {after.address}",
    ]


def test_the_scheduled_check_points_the_record_at_a_task_that_ecs_replaced(running):
    renew(running.aws.client, running.service)
    stale = running.state()
    assert stale.recorded != stale.address
    assert follow(running.aws.client, running.service, never).recorded == stale.address
    assert follow(running.aws.client, running.service, never) == running.state()


def test_a_restart_without_a_service_or_a_record_of_its_own_changes_nothing(aws, zone, service):
    own = Operated(aws, service)
    with pytest.raises(ServiceError, match="is not this service's"):
        own.restart()
    point(aws.client, own.service, "192.0.2.7", '"team=platform,stage=prod,managed-by=teamlanes"', never)
    with pytest.raises(ServiceError, match="is not this service's"):
        own.restart()
    point(aws.client, own.service, "192.0.2.7", '"team=platform,stage=dev,managed-by=teamlanes"', never)
    with pytest.raises(ServiceError, match="there is no such service"):
        own.restart()
    assert own.state().recorded == "192.0.2.7"
