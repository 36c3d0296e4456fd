"""ItemReader: what it reads from S3, and how it fails the state when it cannot."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from backports import zstd

from shared.local.asl.size import MAX_BYTES
from tests.unit.local.asl.test_distributed import PASS, distributed, reader

FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
SEEN = {"key.$": "$$.Map.Item.Value", "source.$": "$$.Map.Item.Source", "index.$": "$$.Map.Item.Index"}


def listing(prefix="p/", **config):
    parameters = {"Bucket": "b", "Prefix": prefix}
    return {"Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig": config, "Parameters": parameters}


def caught(definition):
    """Return *definition* with a Catcher of States.ItemReaderFailed alone."""
    state = definition["States"]["M"]
    state["Catch"] = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "C"}]
    return {**definition, "States": {"M": state, "C": {"Type": "Pass", "End": True}}}


def parquet(**columns):
    pa = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow, the extra parquet")
    from pyarrow import parquet as files

    body = io.BytesIO()
    files.write_table(pa.table(columns), body, row_group_size=2)
    return body.getvalue()


def test_a_listing_goes_on_into_the_objects_it_lists(world, s3):
    s3.objects |= {
        "p/1.json": b'[{"i": 1}]',
        "p/2.json.gz": gzip.compress(b"[2, 3]"),
        "p/3.json.zst": zstd.compress(b"[]"),
        "q/4.json": b"[4]",
    }
    definition = distributed(PASS, ItemReader=listing(InputType="JSON", Transformation="LOAD_AND_FLATTEN"))
    assert world.output(definition) == [{"i": 1}, 2, 3]
    definition["States"]["M"]["ItemReader"]["ReaderConfig"]["MaxItems"] = 2
    assert world.output(definition) == [{"i": 1}, 2]


def test_each_listed_file_has_a_header_of_its_own(world, s3):
    s3.objects |= {"p/1.csv": b"a\n1\n", "p/2.csv": b"b\n2\n"}
    flat = listing(Transformation="LOAD_AND_FLATTEN", **FIRST_ROW)
    assert world.output(distributed(PASS, ItemReader=flat)) == [{"a": "1"}, {"b": "2"}]


def test_an_athena_manifest_leads_to_its_data_files(world, s3):
    s3.objects |= {
        "m.csv": b"s3://b/out/1.jsonl.gz\ns3://b/out/2.jsonl\n",
        "out/1.jsonl.gz": gzip.compress(b'{"i": 1}\n{"i": 2}\n'),
        "out/2.jsonl": b'{"i": 3}',
    }
    athena = reader("m.csv", InputType="JSONL", ManifestType="ATHENA_DATA")
    assert world.output(distributed(PASS, ItemReader=athena)) == [{"i": 1}, {"i": 2}, {"i": 3}]
    assert world.output(distributed(PASS, ItemReader=athena, ItemSelector={"s.$": "$$.Map.Item.Source"}))[2] == {
        "s": "S3://b/out/2.jsonl"
    }


def test_an_athena_manifest_that_names_no_object_fails_the_state(world, s3):
    s3.objects["m.csv"] = b"out/1.jsonl\n"
    athena = reader("m.csv", InputType="JSONL", ManifestType="ATHENA_DATA")
    execution = world.run(distributed(PASS, ItemReader=athena))
    assert execution.cause == "The manifest names what is no object of S3: out/1.jsonl"


@pytest.mark.parametrize("config", [{"InputType": "MANIFEST"}, {"ManifestType": "S3_INVENTORY"}])
def test_an_inventory_is_known_by_either_name(world, s3, config):
    manifest = {"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": [{"key": "1.csv.gz"}, {"key": "2.csv"}]}
    s3.objects |= {"m.json": json.dumps(manifest).encode(), "1.csv.gz": gzip.compress(b'"b","k"\n'), "2.csv": b"b,l\n"}
    output = world.output(distributed(PASS, ItemReader=reader("m.json", **config)))
    assert output == [{"Bucket": "b", "Key": "k"}, {"Bucket": "b", "Key": "l"}]


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        ("{", "The object is not a manifest of an S3 inventory."),
        ('{"files": "x"}', "The object is not a manifest of an S3 inventory."),
        ("[]", "The object is not a manifest of an S3 inventory."),
        ('{"fileFormat": "ORC"}', "The inventory's fileFormat must be CSV but is ORC."),
    ],
)
def test_what_is_no_inventory_fails_the_state(world, s3, manifest, cause):
    s3.objects["m"] = manifest.encode()
    execution = world.run(distributed(PASS, ItemReader=reader("m", InputType="MANIFEST")))
    assert (execution.error, execution.cause) == ("States.ItemReaderFailed", cause)


def test_parquet_rows_are_items(world, s3):
    s3.objects["items"] = parquet(i=[1, 2, None], s=["x", "é", None], l=[[1.5], [], None], o=[{"a": True}, None, None])
    assert world.output(distributed(PASS, ItemReader=reader(InputType="PARQUET"))) == [
        {"i": 1, "s": "x", "l": [1.5], "o": {"a": True}},
        {"i": 2, "s": "é", "l": [], "o": None},
        {"i": None, "s": None, "l": None, "o": None},
    ]


@pytest.mark.parametrize(
    "body", [b"", b"PAR1", b"no parquet at all", b"PAR1\x15\x04\nPAR1", b"x" * 90 + b"\x08\0\0\0PAR1"]
)
def test_what_is_no_parquet_file_fails_the_state(world, s3, body):
    parquet()
    s3.objects["items"] = body
    execution = world.run(caught(distributed(PASS, ItemReader=reader(InputType="PARQUET"))))
    assert execution.output["Error"] == "States.ItemReaderFailed"


def test_a_parquet_column_whose_json_aws_does_not_tell_is_refused_by_name(world, s3):
    import datetime as dt

    s3.objects["items"] = parquet(t=[dt.datetime(2026, 1, 1)])  # noqa: DTZ001  Parquet knows times without a zone
    execution = world.run(distributed(PASS, ItemReader=reader(InputType="PARQUET")))
    assert execution.error == "States.Runtime"
    assert "The embedded cloud does not read Parquet columns of type timestamp" in execution.cause


def test_a_parquet_number_that_is_none_of_jsons_fails_the_state(world, s3):
    s3.objects["items"] = parquet(x=[1.0, float("nan")])
    execution = world.run(distributed(PASS, ItemReader=reader(InputType="PARQUET")))
    assert (execution.error, execution.cause) == (
        "States.ItemReaderFailed",
        "A number in the Parquet file is none of JSON's: NaN or infinity.",
    )


@pytest.mark.parametrize(
    ("key", "config", "body", "cause"),
    [
        ("k", {"InputType": "JSONL"}, b'{"a":1}\nnope\n', "Line 2 of the object is not valid JSON."),
        ("k", {"InputType": "JSONL"}, b"1\nNaN\n", "Line 2 of the object is not valid JSON."),
        ("k", {"InputType": "JSONL"}, b'1\n"\xe9"\n', "The object is not valid UTF-8."),
        ("k", {"InputType": "JSON"}, b"[1, \xe9]", "The object is not valid UTF-8."),
        ("k", {"InputType": "JSON"}, b"[1, 2", "The object is not valid JSON."),
        ("k", {"InputType": "JSON"}, b'["\\ud800"]', "An item holds half of a surrogate pair, which is no letter."),
        ("k", FIRST_ROW, b"a\n1\n\xe9\n", "The object is not valid UTF-8."),
        ("k", FIRST_ROW, b"a\n1\n" + b"2\n" * 9000 + b"\xe9\n", "The object is not valid UTF-8."),
        ("k", FIRST_ROW, b'a\n1\n"2\n', "A quotation mark in the CSV file is never closed."),
        ("k.gz", FIRST_ROW, b"a\n1\n", "The object could not be unpacked: it is cut off or damaged."),
        (
            "k.gz",
            FIRST_ROW,
            gzip.compress(b"a\n" + bytes(range(48, 58)) * 9000)[:-20],
            "The object could not be unpacked: it is cut off or damaged.",
        ),
        ("k.zst", FIRST_ROW, b"a\n1\n", "The object could not be unpacked: it is cut off or damaged."),
        (
            "k.zst",
            FIRST_ROW,
            zstd.compress(b"a\n1\n" * 9000)[:-4],
            "The object could not be unpacked: it is cut off or damaged.",
        ),
    ],
)
def test_whatever_is_wrong_with_an_item_is_caught(world, s3, key, config, body, cause):
    s3.objects[key] = body
    execution = world.run(caught(distributed(PASS, ItemReader=reader(key, **config))))
    assert execution.output == {"Error": "States.ItemReaderFailed", "Cause": cause}
    assert execution.map_runs[0].status == "FAILED"


def test_an_item_is_as_large_as_the_input_of_an_execution_may_be(world, s3):
    room = MAX_BYTES - len('{"a":""}')
    s3.objects["items"] = b"a\n" + b"x" * room + b"\n"
    definition = distributed({"P": {"Type": "Pass", "Result": 1, "End": True}}, ItemReader=reader(**FIRST_ROW))
    assert world.output(definition) == [1]
    s3.objects["items"] = b"a\n" + b"x" * (room + 1) + b"\n"
    execution = world.run(caught(definition))
    assert execution.output["Error"] == "States.ItemReaderFailed"
    assert "262145 bytes" in execution.output["Cause"]


def test_a_selector_may_make_a_large_item_small(world, s3):
    s3.objects["items"] = json.dumps([{"big": "x" * 2_000_000, "small": 1}]).encode()
    small = {"s.$": "$$.Map.Item.Value.small"}
    assert world.output(distributed(PASS, ItemReader=reader(InputType="JSON"), ItemSelector=small)) == [{"s": 1}]


def test_a_bucket_of_another_owner_is_refused(world, s3):
    s3.objects["items"] = b"[1]"
    read = reader(InputType="JSON")
    read["Parameters"]["ExpectedBucketOwner"] = "123456789012"
    assert world.output(distributed(PASS, ItemReader=read)) == [1]
    read["Parameters"]["ExpectedBucketOwner"] = "999999999999"
    execution = world.run(distributed(PASS, ItemReader=read))
    assert execution.error == "States.ItemReaderFailed"
    assert execution.cause.startswith("Access Denied (Service: Amazon S3; Status Code: 403;")


def test_a_missing_object_is_told_as_s3_tells_it(world, s3):
    execution = world.run(distributed(PASS, ItemReader=reader(InputType="JSON")))
    assert execution.cause.startswith(
        "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey; Request ID: "
    )


def test_a_key_that_is_no_text_fails_the_state(world, s3):
    read = {**reader(InputType="JSON"), "Parameters": {"Bucket": "b", "Key.$": "$.k"}}
    execution = world.run(distributed(PASS, ItemReader=read), {"k": 7})
    assert (execution.error, execution.cause) == (
        "States.ItemReaderFailed",
        "The field 'Key' of ItemReader must be a string that is not empty.",
    )


def test_each_item_knows_where_it_comes_from(world, s3):
    s3.objects |= {"p/1.json": b"[5]", "items": b"[6]"}
    flat = listing(InputType="JSON", Transformation="LOAD_AND_FLATTEN")
    for read, source in (
        (listing(), "S3://b"),
        (flat, "S3://b/p/1.json"),
        (reader(InputType="JSON"), "S3://b/items"),
    ):
        (item,) = world.output(distributed(PASS, ItemReader=read, ItemSelector=SEEN))
        assert (item["source"], item["index"]) == (source, 0)
    assert world.output(distributed(PASS, ItemSelector=SEEN), [7]) == [{"key": 7, "source": "STATE_DATA", "index": 0}]


PAIR = {"k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value"}


def test_the_members_of_an_object_are_items_with_a_key(world, s3):
    whole = distributed(PASS, ItemsPath="$.o")
    assert world.output(whole, {"o": {"a": 1, "b": [2]}}) == [{"Key": "a", "Value": 1}, {"Key": "b", "Value": [2]}]
    assert world.output(distributed(PASS, ItemSelector=PAIR), {"a": 1}) == [{"k": "a", "v": 1}]
    s3.objects["items"] = b'{"o": {"a": 1}}'
    read = reader(InputType="JSON", ItemsPointer="/o")
    assert world.output(distributed(PASS, ItemReader=read, ItemSelector=PAIR)) == [{"k": "a", "v": 1}]


def test_jsonata_maps_over_the_members_of_an_object(world):
    selector = {"k": "{% $states.context.Map.Item.Key %}"}
    for more in ({"Items": "{% $states.input %}"}, {}):
        definition = {"QueryLanguage": "JSONata", **distributed(PASS, ItemSelector=selector, **more)}
        assert world.output(definition, {"a": 1}) == [{"k": "a"}]
