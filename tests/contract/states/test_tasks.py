"""What tasks call behind the API: functions, services, activities, other executions."""

import json

import pytest

ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def test_a_task_runs_behind_the_api(cloud):
    answer = cloud.run({"StartAt": "T", "States": {"T": cloud.task(End=True)}}, "task", 21)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "42")


def test_a_failing_task_is_retried_and_caught(cloud):
    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Done"}]
    answer = cloud.run(
        {
            "StartAt": "T",
            "States": {
                "T": cloud.task(InputPath="$.x", Retry=retry, Catch=catch, Next="Done"),
                "Done": {"Type": "Succeed"},
            },
        },
        "caught",
        {"x": "fail"},
    )
    assert json.loads(answer["output"])["why"]["Error"] == "ValueError"
    events = cloud.client("stepfunctions").get_execution_history(executionArn=answer["executionArn"])["events"]
    assert [event["type"] for event in events].count("LambdaFunctionFailed") == 3


def test_an_api_is_called_and_its_error_named(cloud):
    definition = {
        "StartAt": "Get",
        "States": {
            "Get": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Parameters": {"Bucket": "none-such", "Key": "k"},
                "End": True,
            }
        },
    }
    answer = cloud.run(definition, "sdk")
    assert answer["error"] == "S3.NoSuchBucketException"
    assert answer["cause"].startswith(
        "The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: "
    )


def test_tasks_reach_other_services(cloud):
    queue = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def service(resource, following, **parameters):
        onward = {"Next": following} if following else {"End": True}
        return {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": parameters,
            "ResultPath": f"$.{resource.rsplit(':', maxsplit=1)[-1]}",
            **onward,
        }

    states = {
        "Put": service("dynamodb:putItem", "Get", TableName="t", Item={"id": {"S": "1"}}),
        "Get": service("dynamodb:getItem", "Send", TableName="t", Key={"id": {"S": "1"}}),
        "Send": service("sqs:sendMessage", "Queues", QueueUrl=queue, MessageBody={"hello": 1}),
        "Queues": service("aws-sdk:sqs:listQueues", None),
    }
    output = json.loads(cloud.run({"StartAt": "Put", "States": states}, "services")["output"])
    assert output["getItem"]["Item"] == {"id": {"S": "1"}}
    assert output["getItem"]["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["listQueues"]["QueueUrls"] == [queue]
    message = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    assert json.loads(message["Body"]) == {"hello": 1}
    bad = cloud.run(
        {"StartAt": "P", "States": {"P": service("dynamodb:getItem", None, TableName="no", Key={})}}, "no-table"
    )
    assert bad["error"] == "DynamoDB.ResourceNotFoundException"
    typo = cloud.run({"StartAt": "P", "States": {"P": service("aws-sdk:sqs:listQueues", None, Bogus=1)}}, "typo")
    assert 'The field "Bogus" is not supported by Step Functions' in typo["cause"]


def test_an_activity_is_worked_off(cloud):
    states = cloud.client("stepfunctions")
    activity = states.create_activity(name="work")["activityArn"]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": True}}}
    arn = states.start_execution(stateMachineArn=cloud.machine(definition, "activity"), input='"in"')["executionArn"]
    polled = states.get_activity_task(activityArn=activity, workerName="w")
    assert polled["input"] == '"in"'
    states.send_task_heartbeat(taskToken=polled["taskToken"])
    states.send_task_success(taskToken=polled["taskToken"], output='"out"')
    assert cloud.wait(arn)["output"] == '"out"'
    assert cloud.code(states.send_task_success, taskToken=polled["taskToken"], output="1") == "TaskTimedOut"
    assert cloud.code(states.send_task_success, taskToken="never given", output="1") == "InvalidToken"


def test_an_execution_starts_another_and_waits(cloud):
    inner = cloud.machine(ECHO, "inner")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner, "Input": {"deep": True}},
        "End": True,
    }
    output = json.loads(cloud.run({"StartAt": "T", "States": {"T": task}}, "outer")["output"])
    assert output["Output"] == {"deep": True}


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("m", "StepFunctions.InvalidArnException"),
        ("arn:aws:states:nowhere-1:123456789012:stateMachine:m", "StepFunctions.StateMachineDoesNotExistException"),
    ],
)
def test_a_machine_that_cannot_be_found_fails_the_task_that_starts_it(cloud, arn, error):
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "End": True}
    definition = {"StartAt": "S", "States": {"S": {**start, "Parameters": {"StateMachineArn": arn}}}}
    assert cloud.run(definition, error.rpartition(".")[2])["error"] == error
