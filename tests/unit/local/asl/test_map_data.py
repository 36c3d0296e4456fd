"""What CreateStateMachine refuses of a distributed Map: its reader, its writer, its batches and its label."""

from __future__ import annotations

import json
import sys

import pytest

from shared.local.asl.validation import problems_of
from tests.unit.local.asl.test_distributed import PASS, distributed

GET, LIST = "arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"
OBJECT, PREFIX = {"Bucket": "b", "Key": "k"}, {"Bucket": "b", "Prefix": "p/"}
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def found(*, jsonata=False, **state):
    """Return the problems of a machine whose Map has these fields, without the path of the Map."""
    definition = distributed(PASS, **state)
    if jsonata:
        definition["QueryLanguage"] = "JSONata"
    return [
        (problem.message, str(problem.location).removeprefix("/States/M"))
        for problem in problems_of(json.dumps(definition))
    ]


def reading(resource, parameters, **config):
    return found(ItemReader={"Resource": resource, "ReaderConfig": config, "Parameters": parameters})


@pytest.mark.parametrize(
    ("resource", "parameters", "config"),
    [
        (GET, OBJECT, {"InputType": "JSON"}),
        (GET, OBJECT, {"InputType": "JSON", "ItemsPointer": "/a/b", "MaxItemsPath": "$.n"}),
        (GET, {"Bucket.$": "$.b", "Key.$": "$.k"}, {"InputType": "JSONL", "MaxItems": 5}),
        (GET, {**OBJECT, "VersionId": "v", "ExpectedBucketOwner": "1"}, CSV),
        (GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "CSVDelimiter": "TAB"}),
        (GET, OBJECT, {"InputType": "MANIFEST"}),
        (GET, OBJECT, {"ManifestType": "S3_INVENTORY"}),
        (GET, OBJECT, {"InputType": "MANIFEST", "CSVDelimiter": "PIPE"}),
        (GET, OBJECT, {"ManifestType": "ATHENA_DATA", **CSV}),
        (GET, OBJECT, {"InputType": "JSONL", "CSVHeaderLocation": "FIRST_ROW"}),
        (GET.replace("aws:", "aws-us-gov:", 1), OBJECT, {"InputType": "JSON", "Transformation": "NONE"}),
        (LIST, PREFIX, {}),
        (LIST, {**PREFIX, "StartAfter": "p/3", "MaxKeys": 10}, {"MaxItems": 5}),
        (LIST, PREFIX, {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}),
    ],
)
def test_what_aws_documents_is_taken(resource, parameters, config):
    assert reading(resource, parameters, **config) == []


INPUT_TYPES = "The field 'InputType' should have one of these values: [MANIFEST, JSON, CSV, JSONL, PARQUET]"


@pytest.mark.parametrize(
    ("resource", "parameters", "config", "problem", "place"),
    [
        (GET, OBJECT, {}, "These fields are required: [InputType]", ""),
        (GET, OBJECT, {"InputType": "XML"}, INPUT_TYPES, "/InputType"),
        (GET, OBJECT, {"InputType": "csv"}, INPUT_TYPES, "/InputType"),
        (GET, OBJECT, {"InputType": 5}, "Expected value of type String", "/InputType"),
        (GET, OBJECT, {"InputTypo": "CSV", "InputType": "JSON"}, "Field 'InputTypo' is not supported", "/InputTypo"),
        (GET, OBJECT, {"InputType": "CSV"}, "These fields are required: [CSVHeaderLocation]", ""),
        (
            GET, OBJECT, {**CSV, "CSVDelimiter": ";"},
            "The field 'CSVDelimiter' should have one of these values: [COMMA, PIPE, SEMICOLON, SPACE, TAB]",
            "/CSVDelimiter",
        ),
        (
            GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"},
            "These fields are required: [CSVHeaders]", "",
        ),
        (
            GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": []},
            "Array is too short, minimum is 1", "/CSVHeaders",
        ),
        (
            GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", 1]},
            "Expected value of type String", "/CSVHeaders[1]",
        ),
        (
            GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a" * 10_241]},
            "CSV headers must not be larger than 10240 bytes", "/CSVHeaders",
        ),
        (
            GET, OBJECT, {"InputType": "JSONL", "ItemsPointer": "/a"},
            "The field 'ItemsPointer' is supported only when InputType is JSON", "/ItemsPointer",
        ),
        (GET, OBJECT, {"InputType": "JSON", "ItemsPointer": "a"}, "Value is not a valid JSON pointer", "/ItemsPointer"),
        (
            GET, OBJECT, {"InputType": "JSON", "ManifestType": "ATHENA_DATA"},
            "The field 'InputType' should have one of these values: [CSV, JSONL, PARQUET]", "/InputType",
        ),
        (
            GET, OBJECT, {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "ManifestType": "S3_INVENTORY"},
            "The field 'InputType' is not supported when ManifestType is S3_INVENTORY", "/InputType",
        ),
        (
            GET, OBJECT, {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"},
            "The field 'Transformation' may be LOAD_AND_FLATTEN only for s3:listObjectsV2", "/Transformation",
        ),
        (LIST, PREFIX, {"Transformation": "LOAD_AND_FLATTEN"}, "These fields are required: [InputType]", ""),
        (
            LIST, PREFIX, {"InputType": "MANIFEST", "Transformation": "LOAD_AND_FLATTEN"},
            "The field 'InputType' should have one of these values: [JSON, CSV, JSONL, PARQUET]", "/InputType",
        ),
        (
            LIST, PREFIX, {"ManifestType": "ATHENA_DATA"},
            "The field 'ManifestType' is supported only for s3:getObject", "/ManifestType",
        ),
        (
            LIST, PREFIX, {"Transformation": "FLATTEN"},
            "The field 'Transformation' should have one of these values: [NONE, LOAD_AND_FLATTEN]", "/Transformation",
        ),
        (
            GET, OBJECT, {"InputType": "JSON", "MaxItems": 100_000_001},
            "Maximum value is 100000000", "/MaxItems",
        ),
    ],
)  # fmt: skip
def test_a_reader_config_that_aws_does_not_have_is_refused(resource, parameters, config, problem, place):
    assert (problem, f"/ItemReader/ReaderConfig{place}") in reading(resource, parameters, **config)


@pytest.mark.parametrize(
    ("reader", "problem", "place"),
    [
        ({"ReaderConfig": {}, "Parameters": OBJECT}, "These fields are required: [Resource]", ""),
        ({"Resource": GET, "Parameters": OBJECT}, "These fields are required: [ReaderConfig]", ""),
        ({"Resource": LIST}, "These fields are required: [Parameters]", ""),
        ({"Resource": LIST, "Parameters": {"Prefix": "p"}}, "These fields are required: [Bucket]", "/Parameters"),
        (
            {"Resource": GET, "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b"}},
            "These fields are required: [Key]", "/Parameters",
        ),
        (
            {"Resource": LIST, "Parameters": {**PREFIX, "Prefixes": "p"}},
            "Field 'Prefixes' is not supported", "/Parameters/Prefixes",
        ),
        ({"Resource": LIST, "Parameters": PREFIX, "Reader": {}}, "Field 'Reader' is not supported", "/Reader"),
        (
            {"Resource": LIST, "Parameters": PREFIX, "Arguments": PREFIX},
            "The field 'Arguments' is not supported when the QueryLanguage is JSONPath", "/Arguments",
        ),
        (
            {"Resource": "arn:aws:states:::dynamodb:scan", "Parameters": {}},
            ("The field 'Resource' does not match any of the allowed values. Examples: "
            "[arn:<partition>:states:::s3:getObject, arn:<partition>:states:::s3:listObjectsV2]"),
            "/Resource",
        ),
        (
            {"Resource": GET, "ReaderConfig": {"InputType": "PARQUET"}, "Parameters": {**OBJECT, "VersionId": "v"}},
            "The field 'VersionId' is not supported when InputType is PARQUET", "",
        ),
        (
            {"Resource": GET, "ReaderConfig": {"InputType": "JSON"}, "Parameters": {**OBJECT, "Range": "bytes=0-9"}},
            "The embedded cloud does not pass 'Range' on to S3 from an ItemReader, though AWS does: leave it out",
            "/Parameters/Range",
        ),
    ],
)  # fmt: skip
def test_a_reader_that_aws_does_not_have_is_refused(reader, problem, place):
    assert (problem, f"/ItemReader{place}") in found(ItemReader=reader)


def test_parquet_without_what_reads_it_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert reading(GET, OBJECT, InputType="PARQUET") == [
        (
            (
                "The embedded cloud does not read PARQUET files without pyarrow, though AWS does: install pyarrow, "
                "which is teamlanes' extra parquet"
            ),
            "/ItemReader/ReaderConfig/InputType",
        )
    ]


def test_a_jsonata_reader_takes_expressions_where_aws_does():
    config = {"InputType": "JSON", "MaxItems": "{% $states.input.n %}"}
    reader = {"Resource": GET, "ReaderConfig": config, "Arguments": "{% $states.input.where %}"}
    assert found(jsonata=True, ItemReader=reader) == []
    config |= {"InputType": "{% 'JSON' %}", "MaxItemsPath": "$.n"}
    assert found(jsonata=True, ItemReader=reader) == [
        ("Field 'MaxItemsPath' is not supported", "/ItemReader/ReaderConfig/MaxItemsPath"),
        (INPUT_TYPES, "/ItemReader/ReaderConfig/InputType"),
    ]


@pytest.mark.parametrize(
    ("writer", "problem", "place"),
    [
        ({}, "These fields are required: [Resource]", ""),
        ({"Parameters": PREFIX, "WriterConfig": {}}, "These fields are required: [Resource]", ""),
        ({"Resource": PUT}, "These fields are required: [Parameters]", ""),
        ({"Resource": PUT, "Parameters": {"Prefix": "p"}}, "These fields are required: [Bucket]", "/Parameters"),
        ({"Resource": PUT, "Parameters": OBJECT}, "Field 'Key' is not supported", "/Parameters/Key"),
        (
            {"Resource": GET, "Parameters": PREFIX},
            ("The field 'Resource' does not match any of the allowed values. Examples: "
            "[arn:<partition>:states:::s3:putObject]"),
            "/Resource",
        ),
        (
            {"WriterConfig": {"Transformation": "FLAT"}},
            "The field 'Transformation' should have one of these values: [NONE, COMPACT, FLATTEN]",
            "/WriterConfig/Transformation",
        ),
        (
            {"WriterConfig": {"OutputType": "CSV"}},
            "The field 'OutputType' should have one of these values: [JSON, JSONL]", "/WriterConfig/OutputType",
        ),
        ({"WriterConfig": {"Format": "CSV"}}, "Field 'Format' is not supported", "/WriterConfig/Format"),
        (
            {"WriterConfig": {"OutputType": "JSONL"}},
            ("The embedded cloud does not give a state's output as JSON Lines, though AWS does: use OutputType JSON, "
            "or export the results to S3"),
            "/WriterConfig/OutputType",
        ),
    ],
)  # fmt: skip
def test_a_writer_that_aws_does_not_have_is_refused(writer, problem, place):
    assert (problem, f"/ResultWriter{place}") in found(ResultWriter=writer)


@pytest.mark.parametrize(
    ("batcher", "problem", "place"),
    [
        ({}, "At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required", ""),
        ({"MaxItemsPerBatch": 0}, "Minimum value is 1", "/MaxItemsPerBatch"),
        ({"MaxInputBytesPerBatch": 262_145}, "Maximum value is 262144", "/MaxInputBytesPerBatch"),
        ({"MaxItems": 5, "MaxItemsPerBatch": 5}, "Field 'MaxItems' is not supported", "/MaxItems"),
    ],
)
def test_batches_that_aws_does_not_have_are_refused(batcher, problem, place):
    assert (problem, f"/ItemBatcher{place}") in found(ItemBatcher=batcher)


@pytest.mark.parametrize("label", ["", "x" * 41, "a b", "a*", "a<b", "a:b", "a\\b", "a`", "a\x7f"])
def test_a_label_that_cannot_be_part_of_an_arn_is_refused(label):
    (problem,) = problems_of(json.dumps(distributed(PASS, Label=label)))
    assert (problem.code, problem.location) == ("INVALID_LABEL_NAME", "/States/M/Label")


def test_two_maps_with_one_label_are_refused():
    inner = distributed(PASS, Label="one")
    whole = distributed({"Inner": inner["States"]["M"]}, Label="one")
    assert [str(problem) for problem in problems_of(json.dumps(whole))] == [
        "DUPLICATE_LABEL_NAME: Duplicate Label name: one at /States/M/ItemProcessor/States/Inner/Label"
    ]
    assert found(Label="x" * 40) == []
