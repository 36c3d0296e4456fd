"""Distributed Map: readers, batches, writers, tolerated failure, bounded memory."""

import gzip
import json

import pytest

from shared.local.asl.api.map_runs import describe
from shared.local.asl.runs.record import Limits


def distributed(states, *, execution="STANDARD", **more):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": execution}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **more}}}


def reader(key="items", **config):
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": "b", "Key": key},
    }


PASS = {"P": {"Type": "Pass", "End": True}}


def test_children_are_executions_of_their_own(world, call, types):
    execution = world.run(distributed({"T": call()}), [1, 2, 3])
    assert execution.output == [1, 2, 3]
    assert "MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded MapStateExited" in " ".join(
        types(execution)
    )
    run = execution.map_runs[0]
    child = next(iter(run.children.values()))
    assert types(child)[0] == "ExecutionStarted"
    assert child.arn.startswith(f"{run.arn.rsplit(':', 1)[0]}".replace(":mapRun:", ":execution:"))
    assert describe(run.record)["itemCounts"]["succeeded"] == 3


FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
GIVEN = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x", "y"], "CSVDelimiter": "PIPE"}


@pytest.mark.parametrize(
    ("body", "config", "items"),
    [
        (b'[1, {"a": 2}]', {"InputType": "JSON"}, [1, {"a": 2}]),
        (b'{"d": {"l": [7]}}', {"InputType": "JSON", "ItemsPointer": "/d/l"}, [7]),
        (b'1\n{"a": 2}\n\n', {"InputType": "JSONL"}, [1, {"a": 2}]),
        (b'a,b\n1,"x,y"\n2\n', FIRST_ROW, [{"a": "1", "b": "x,y"}, {"a": "2", "b": ""}]),
        (b"1|2|3\n", GIVEN, [{"x": "1", "y": "2"}]),
        (b"[1, 2, 3]", {"InputType": "JSON", "MaxItems": 2}, [1, 2]),
    ],
)
def test_items_are_read_from_s3(world, s3, body, config, items):
    s3.objects["items"] = body
    assert world.output(distributed(PASS, ItemReader=reader(**config))) == items


def test_compressed_lines_are_read(world, s3):
    s3.objects["items.gz"] = gzip.compress(b"1\n2\n")
    assert world.output(distributed(PASS, ItemReader=reader("items.gz", InputType="JSONL"))) == [1, 2]


def test_a_listing_gives_every_object(world, s3):
    for number in range(1500):
        s3.objects[f"p/{number:04}"] = b"x"
    listing = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "p/"}}
    output = world.output(distributed(PASS, ItemReader=listing, ItemSelector={"k.$": "$$.Map.Item.Value.Key"}))
    assert [item["k"] for item in output] == sorted(s3.objects)


def test_an_inventory_is_read_through_its_manifest(world, s3):
    manifest = {
        "fileSchema": "Bucket, Key, Size",
        "destinationBucket": "arn:aws:s3:::b",
        "files": [{"key": "one.csv.gz"}],
    }
    s3.objects |= {"manifest.json": json.dumps(manifest).encode(), "one.csv.gz": gzip.compress(b'"b","k1","5"\n')}
    definition = distributed(PASS, ItemReader=reader("manifest.json", InputType="MANIFEST"))
    assert world.output(definition) == [{"Bucket": "b", "Key": "k1", "Size": "5"}]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b'{"a": 1}', "Attempting to map over non-iterable node."),
        (
            b"a,a\n1,2\n",
            "CSV headers cannot contain duplicates.",
        ),
    ],
)
def test_a_reader_that_cannot_read_fails_the_state(world, s3, types, body, cause):
    s3.objects["items"] = body
    config = {"InputType": "JSON"} if body.startswith(b"{") else FIRST_ROW
    execution = world.run(distributed(PASS, ItemReader=reader(**config)))
    assert (execution.error, execution.cause) == ("States.ItemReaderFailed", cause)
    assert "MapRunFailed MapStateFailed ExecutionFailed" in " ".join(types(execution))


def test_a_missing_object_fails_the_state(world, s3):
    execution = world.run(distributed(PASS, ItemReader=reader(InputType="JSON")))
    assert execution.error == "States.ItemReaderFailed"


def test_a_reader_or_writer_whose_arguments_are_no_object_fails_the_state(world, s3):
    read = {**reader(InputType="JSON"), "Arguments": "{% ['b', 'items'] %}"}
    del read["Parameters"]
    written = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": "{% 'b' %}"}
    reading, writing = (
        world.run({"QueryLanguage": "JSONata", **distributed(PASS, **part)}, [])
        for part in ({"ItemReader": read}, {"ResultWriter": written})
    )
    assert (reading.error, writing.error) == ("States.ItemReaderFailed", "States.ResultWriterFailed")
    assert reading.cause.endswith('The value must be an object but was: ["b","items"]')
    assert writing.cause.endswith('The value must be an object but was: "b"')


def test_items_are_batched_by_number(world):
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"k.$": "$.k"}}
    output = world.output(distributed(PASS, ItemsPath="$.items", ItemBatcher=batcher), {"k": "v", "items": [1, 2, 3]})
    assert output == [{"BatchInput": {"k": "v"}, "Items": [1, 2]}, {"BatchInput": {"k": "v"}, "Items": [3]}]


def test_items_are_batched_by_bytes(world):
    items = ["x" * 40] * 5
    output = world.output(distributed(PASS, ItemBatcher={"MaxInputBytesPerBatch": 120}), items)
    assert [len(batch["Items"]) for batch in output] == [2, 2, 1]
    assert all(len(json.dumps(batch, separators=(",", ":"))) <= 120 for batch in output)


def test_batches_count_as_items(world, s3):
    execution = world.run(distributed(PASS, ItemBatcher={"MaxItemsPerBatch": 10}), list(range(25)))
    described = describe(execution.map_runs[0].record)
    assert described["itemCounts"]["succeeded"] == 25
    assert described["executionCounts"]["succeeded"] == 3


ODD_FAILS = {
    "C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericGreaterThan": 7, "Next": "F"}], "Default": "P"},
    "F": {"Type": "Fail", "Error": "TooBig"},
    **PASS,
}


@pytest.mark.parametrize(
    ("tolerated", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 19}, "FAILED"),
        ({"ToleratedFailurePercentage": 20}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 20, "ToleratedFailureCount": 1}, "FAILED"),
    ],
)
def test_failure_is_tolerated_up_to_a_threshold(world, tolerated, status):
    execution = world.run(distributed(ODD_FAILS, MaxConcurrency=1, **tolerated), list(range(10)))
    assert execution.status == status
    if status == "FAILED":
        assert execution.error == "States.ExceedToleratedFailureThreshold"
        assert describe(execution.map_runs[0].record)["status"] == "FAILED"
    else:
        assert execution.output == list(range(8))


def writer(**config):
    spec = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out/"}}
    return {**spec, "WriterConfig": config} if config else spec


def test_results_are_exported_with_a_manifest(world, s3):
    execution = world.run(distributed(ODD_FAILS, ToleratedFailureCount=9, ResultWriter=writer()), list(range(10)))
    where = execution.output["ResultWriterDetails"]
    assert execution.output["MapRunArn"] == execution.map_runs[0].arn
    manifest = json.loads(s3.objects[where["Key"]])
    assert manifest["DestinationBucket"] == "b"
    (succeeded,) = manifest["ResultFiles"]["SUCCEEDED"]
    body = s3.objects[succeeded["Key"]]
    assert succeeded["Size"] == len(body)
    entries = json.loads(body)
    assert [json.loads(entry["Output"]) for entry in entries] == list(range(8))
    assert entries[0]["Status"] == "SUCCEEDED"
    failed = json.loads(s3.objects[manifest["ResultFiles"]["FAILED"][0]["Key"]])
    assert [entry["Error"] for entry in failed] == ["TooBig", "TooBig"]
    assert manifest["ResultFiles"]["PENDING"] == []


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, "[[1,2],[3]]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSON"}, "[1,2,3]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n3\n"),
    ],
)
def test_results_are_shaped(world, s3, config, text):
    world.run(distributed(PASS, ResultWriter=writer(**config)), [[1, 2], [3]])
    assert [body.decode() for key, body in s3.objects.items() if "SUCCEEDED" in key] == [text]


def test_results_shaped_by_none_say_how_each_child_ran(world):
    definition = distributed(PASS, ResultWriter={"WriterConfig": {"Transformation": "NONE"}})
    (entry,) = world.output(definition, [[1]])
    assert (entry["Status"], entry["Output"], entry["RedriveStatus"]) == ("SUCCEEDED", "[1]", "NOT_REDRIVABLE")


def test_a_run_in_which_too_many_failed_is_exported_as_well(world, s3):
    execution = world.run(distributed(ODD_FAILS, MaxConcurrency=1, ResultWriter=writer()), [1, 9, 2, 3])
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    (manifest,) = (json.loads(body) for key, body in s3.objects.items() if key.endswith("manifest.json"))
    files = {
        status: [json.loads(s3.objects[file["Key"]]) for file in found]
        for status, found in manifest["ResultFiles"].items()
    }
    assert [entry["Output"] for entry in files["SUCCEEDED"][0]] == ["1"]
    assert [entry["Error"] for entry in files["FAILED"][0]] == ["TooBig"]
    assert files["PENDING"] == [[2, 3]]


def test_a_writer_whose_bucket_refuses_fails_the_state_as_s3_tells_it(world, s3):
    s3.closed = True
    execution = world.run(distributed(PASS, ResultWriter=writer()), [1])
    assert execution.error == "States.ResultWriterFailed"
    assert execution.cause.startswith("Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied;")
    failing = distributed(ODD_FAILS, ResultWriter=writer())
    assert world.run(failing, [9]).error == "States.ResultWriterFailed"


def test_results_count_as_written_with_and_without_a_writer(world, s3):
    for more in ({}, {"ResultWriter": writer()}):
        execution = world.run(distributed(PASS, **more), [1, 2])
        assert describe(execution.map_runs[0].record)["itemCounts"]["resultsWritten"] == 2


@pytest.mark.parametrize(
    ("state", "follows"),
    [
        ({}, "MapRunStarted"),
        ({"Label": "one"}, "MapRunSucceeded"),
        ({"MaxConcurrency": 1}, "MapRunSucceeded"),
        ({"MaxConcurrency": 1, "QueryLanguage": "JSONata"}, "MapRunStarted"),
    ],
)
def test_what_the_exit_of_a_distributed_map_follows(world, state, follows):
    events = world.run(distributed(PASS, **state), [1]).history.events
    (previous,) = (before for kind, before, *_ in events if kind == "MapStateExited")
    assert events[previous - 1][0] == follows


def test_a_writer_without_a_bucket_only_shapes(world):
    shape = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    assert world.output(distributed(PASS, ResultWriter=shape), [[1], [2, 3]]) == [1, 2, 3]


def test_concurrency_bounds_the_children(world):
    wait = {"W": {"Type": "Wait", "Seconds": 1, "End": True}}
    world.output(distributed(wait, MaxConcurrency=5), list(range(20)))
    assert world.elapsed == pytest.approx(4)


def test_concurrency_may_change_while_it_runs(world):
    wait = {"W": {"Type": "Wait", "Seconds": 1, "End": True}}
    execution = world.start(distributed(wait, MaxConcurrency=1), list(range(20)))
    world.scheduler.run(until=world.scheduler.now() + 1.5)
    with execution.lock:
        execution.map_runs[0].change_limits(Limits(100, None, None))
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    assert world.elapsed == pytest.approx(2.5)


def test_stopping_the_execution_aborts_the_run_and_its_children(world):
    wait = {"W": {"Type": "Wait", "Seconds": 100, "End": True}}
    execution = world.start(distributed(wait), [1, 2])
    world.scheduler.run(until=world.scheduler.now() + 1)
    execution.stop(None, None)
    run = describe(execution.map_runs[0].record)
    assert (run["status"], run["itemCounts"]["aborted"], run["itemCounts"]["pending"]) == ("ABORTED", 2, 0)


def test_ten_thousand_items_are_read_as_needed_and_not_all_remembered(world, s3):
    s3.objects["items"] = "\n".join(map(str, range(10_000))).encode()
    ahead, started = [], []

    def watch(value):
        ahead.append(started[0].map_runs[0].read - value)
        return value

    world.function = watch
    call = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    definition = distributed(
        {"T": call}, ItemReader=reader(InputType="JSONL"), MaxConcurrency=10, ResultWriter=writer()
    )
    execution = world.start(definition)
    started.append(execution)
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    run = execution.map_runs[0]
    assert describe(run.record)["itemCounts"]["succeeded"] == 10_000
    assert max(ahead) <= 1100
    assert len(run.children) <= 1000


def test_express_children_have_express_arns(world):
    execution = world.run(distributed(PASS, execution="EXPRESS"), [1])
    assert ":express:" in next(iter(execution.map_runs[0].children))
