"""Distributed Maps behind the API: their items and their children."""

import json

ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **ECHO}


def test_a_distributed_map_reads_json_from_s3(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="items")
    s3.put_object(Bucket="items", Key="items.json", Body=json.dumps(list(range(1200))))
    answer = cloud.run(
        {
            "StartAt": "M",
            "States": {
                "M": {
                    "Type": "Map",
                    "ItemReader": {
                        "Resource": "arn:aws:states:::s3:getObject",
                        "ReaderConfig": {"InputType": "JSON"},
                        "Parameters": {"Bucket": "items", "Key": "items.json"},
                    },
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "T",
                        "States": {"T": cloud.task(End=True)},
                    },
                    "End": True,
                }
            },
        },
        "distributed",
    )
    assert json.loads(answer["output"]) == [2 * item for item in range(1200)]
    states = cloud.client("stepfunctions")
    run = states.list_map_runs(executionArn=answer["executionArn"])["mapRuns"][0]
    described = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    assert described["itemCounts"]["succeeded"] == 1200


def test_children_are_listed_by_whether_they_were_redriven(cloud):
    states = cloud.client("stepfunctions")
    each = {"StartAt": "T", "States": {"T": cloud.task(End=True)}}
    # One after the other: too many failures would stop a child that still runs, and it were redriven, too.
    definition = cloud.mapping({**DISTRIBUTED, **each}, ToleratedFailurePercentage=50, MaxConcurrency=1)
    machine = cloud.machine(definition, "redriven-children")
    arn = states.start_execution(stateMachineArn=machine, input='[1, "fail", "fail"]')["executionArn"]
    assert cloud.wait(arn)["status"] == "FAILED"
    states.redrive_execution(executionArn=arn)
    cloud.wait(arn)
    run = states.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    counts = [
        len(states.list_executions(mapRunArn=run, redriveFilter=wanted)["executions"])
        for wanted in ("REDRIVEN", "NOT_REDRIVEN")
    ]
    assert counts == [2, 1]
    assert (
        cloud.code(states.list_executions, stateMachineArn=machine, redriveFilter="REDRIVEN") == "ValidationException"
    )
    assert cloud.code(states.get_execution_history, executionArn=arn, nextToken="no token of ours") == "InvalidToken"
