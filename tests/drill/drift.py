"""Changes by hand of all that a deploy puts right, and the lane that has some of every kind."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from shared.config.platform import RESTART
from shared.config.resources import Asynchronous, Key, Queue, Setting, Topic
from shared.deploy.resources import schedules
from shared.run.items import load_items
from shared.run.start import start
from tests.helpers.owned import BY_DAY, owned, owning
from tests.helpers.triggered import NIGHTLY, OFTEN, triggered

KEPT = ("item-map-log", "wssr-init")  # a function that is a zip, and one that is an image


def small_lane(project: Any) -> Any:
    """Return a lane with one or two of every kind of resource."""
    lane = project.lane("drill")
    told = {"ephemeral_mb": 1024, "asynchronous": Asynchronous(retries=1)}
    functions = {key: dataclasses.replace(lane.functions[key], **told) for key in KEPT}
    own = owning(lane.workflows["item-map"], lane.team, lane.hash)
    return triggered(owned(dataclasses.replace(lane, functions=functions, workflows={}), own), own.key)


def changed(lane: Any) -> Any:
    """Return the lane with other settings of its functions, its budget and what its workflow owns."""
    (zipped, image), budget = KEPT, dataclasses.replace(lane.budget, monthly_usd=99)
    functions = {
        **lane.functions,
        zipped: dataclasses.replace(
            lane.functions[zipped], memory_mb=256, reserved_concurrency=2, asynchronous=None, architecture="arm64"
        ),
        image: dataclasses.replace(lane.functions[image], memory_mb=512),
    }
    return _changed_resources(dataclasses.replace(lane, functions=functions, budget=budget))


def _changed_resources(lane: Any) -> Any:
    own = lane.workflows["item-map"]
    (totals, work, done, limit) = own.tables["totals"], own.queues["work"], own.topics["done"], own.settings["limit"]
    indexes = (dataclasses.replace(BY_DAY, sort_key=None), dataclasses.replace(BY_DAY, name="by-who", key=Key("who")))
    later = dataclasses.replace(NIGHTLY, expression="cron(0 3 1 JAN ? 2199)")
    changed = {
        "tables": {**own.tables, "totals": dataclasses.replace(totals, indexes=indexes, ttl=None)},
        "queues": {"work": Queue(work.name, work.dead_letters, 90, 5)},
        "topics": {"done": Topic(done.name, ("b@example.edu",))},
        "settings": {"limit": Setting(limit.name, "11")},
        "schedules": dataclasses.replace(own.schedules, by_key={"nightly": later, "new": OFTEN}),
        "upload": dataclasses.replace(own.upload, suffix=".json", window_seconds=30),
    }
    return owned(lane, dataclasses.replace(own, **changed))


def drift_of_a_lane(aws: Any, lane: Any) -> None:
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
    load_items(aws, next(each for each in lane.tables if each.sort_key is None), ["a"])
    start(aws, lane, "item-map", {"waitDurationSeconds": 86_400}, "run-1")
    _drift_of_triggers(aws, lane)
    _drift_of_functions(aws, lane)
    _drift_of_resources(aws, lane)


def _drift_of_triggers(aws: Any, lane: Any) -> None:
    own, scheduler, sqs = lane.workflows["item-map"], aws.client("scheduler"), aws.client("sqs")
    group = own.schedules.group
    settings: dict[str, Any] = {**dict(schedules.read_schedules(aws, group))["nightly"]}
    wrong = {**settings, "Target": {**settings["Target"], "Input": "{}"}, "State": "DISABLED"}
    scheduler.update_schedule(GroupName=group, Name="nightly", **wrong)
    scheduler.create_schedule(GroupName=group, Name="by-hand", **settings)
    scheduler.untag_resource(ResourceArn=lane.schedule_group_arn(group), TagKeys=["owner"])
    starter = lane.functions[own.upload.function].name
    (mapping,) = aws.lambda_.list_event_source_mappings(FunctionName=starter)["EventSourceMappings"]
    aws.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    aws.s3.put_bucket_notification_configuration(Bucket=lane.bucket, NotificationConfiguration={})
    sqs.set_queue_attributes(QueueUrl=lane.queue_url(own.upload.queue.name), Attributes={"Policy": ""})


def _drift_of_resources(aws: Any, lane: Any) -> None:
    owner, own = ["owner"], lane.workflows["item-map"]
    (table, queue, topic) = own.tables["items"], own.queues["work"], own.topics["done"]
    tables, queues, topics = aws.client("dynamodb"), aws.client("sqs"), aws.client("sns")
    allowed = {"Effect": "Allow", "Principal": "*", "Action": ["sqs:SendMessage", "sns:Publish", "sns:Subscribe"]}
    wide = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": "*"}]})
    tables.untag_resource(ResourceArn=lane.table_arn(table), TagKeys=owner)
    rates = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    tables.update_table(TableName=table.name, BillingMode="PROVISIONED", ProvisionedThroughput=rates)
    for name in (queue.name, queue.dead_letters):
        queues.set_queue_attributes(QueueUrl=lane.queue_url(name), Attributes={"Policy": wide, "RedrivePolicy": ""})
        queues.untag_queue(QueueUrl=lane.queue_url(name), TagKeys=owner)
    queues.send_message(QueueUrl=lane.queue_url(queue.name), MessageBody="a")
    arn = lane.topic_arn(topic.name)
    topics.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=wide)
    topics.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=lane.queue_arn(queue.name))
    topics.untag_resource(ResourceArn=arn, TagKeys=owner)
    aws.s3.delete_bucket_policy(Bucket=own.buckets["raw"])
    aws.client("secretsmanager").untag_resource(SecretId=own.secrets["token"], TagKeys=owner)
    parameters, limit = aws.client("ssm"), own.settings["limit"].name
    parameters.put_parameter(Name=limit, Value="by hand", Type="String", Overwrite=True)
    parameters.remove_tags_from_resource(ResourceType="Parameter", ResourceId=limit, TagKeys=owner)


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
    for key in KEPT:
        aws.lambda_.untag_resource(Resource=lane.function_arn(key), TagKeys=owner)
    aws.lambda_.tag_resource(Resource=lane.function_arn(KEPT[0]), Tags={"note": "by hand"})
    aws.lambda_.update_function_configuration(FunctionName=zipped.name, Handler="by.hand")
    aws.lambda_.update_function_configuration(FunctionName=image.name, Timeout=7)
    aws.lambda_.update_function_configuration(FunctionName=zipped.name, EphemeralStorage={"Size": 600})
    aws.lambda_.put_function_event_invoke_config(FunctionName=image.name, MaximumEventAgeInSeconds=60)
    aws.lambda_.put_function_concurrency(FunctionName=image.name, ReservedConcurrentExecutions=3)
    aws.lambda_.put_function_concurrency(FunctionName=zipped.name, ReservedConcurrentExecutions=3)
    ecr = aws.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=image.image.repository, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(
        repositoryName=image.image.repository, imageScanningConfiguration={"scanOnPush": False}
    )
    ecr.delete_repository_policy(repositoryName=image.image.repository)
    ecr.untag_resource(resourceArn=lane.place.arn("ecr", f"repository/{image.image.repository}"), tagKeys=owner)


def drift_of_the_rendezvous(aws: Any, service: Any) -> None:
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
