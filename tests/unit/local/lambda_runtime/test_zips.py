"""Zips that Lambda refuses when they are uploaded, in its words; and what is never unpacked here."""

import functools
import io
import json
import stat
import struct
import zipfile

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.isolation.roles.function_role import function_trust
from shared.local.cloud import EmbeddedCloud
from shared.local.lambda_runtime.zips import LARGEST_UNZIPPED, LARGEST_ZIPPED, Checked, RefusedZip

PLACE = Place("123456789012", "us-east-1", "dev")
SOURCE = "def handler(event, context):\n    return 1\n"
BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."
MIB = 1 << 20


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    """Return a zip of (name or ZipInfo, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


@functools.cache
def zeros(size):
    return zipped(("app.py", SOURCE), ("zeros", bytes(size - len(SOURCE))))


def encrypted():
    code = bytearray(zipped(("app.py", SOURCE)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags in both headers
        place = code.index(mark) + at
        code[place : place + 2] = struct.pack("<H", 1)
    return bytes(code)


def lying(size):
    """Return a zip whose headers say that its member is *size* bytes."""
    code = bytearray(zipped(("app.py", SOURCE * 1000)))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = code.index(mark) + at
        code[place : place + 4] = struct.pack("<I", size)
    return bytes(code)


def damaged():
    code = bytearray(zipped(("app.py", SOURCE * 100), method=zipfile.ZIP_STORED))
    code[60] ^= 0xFF
    return bytes(code)


BAD = {
    "no zip": b"def handler(event, context): pass",
    "cut off": zipped(("app.py", SOURCE))[:-30],
    "encrypted": encrypted(),
    "damaged": damaged(),
    "less than it says": lying(10),
    "more than it says": lying(100 * MIB),
    "a name that leads out": zipped(("../app.py", SOURCE)),
    "a name deep inside that leads out": zipped(("a/../../app.py", SOURCE)),
    "a name from the root": zipped(("/etc/app.py", SOURCE)),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_zip_that_cannot_be_unzipped_is_refused(kind):
    with pytest.raises(RefusedZip, match=BROKEN):
        Checked().size(BAD[kind])


def test_a_zip_without_a_file_is_refused():
    with pytest.raises(RefusedZip, match="Uploaded file must be a non-empty zip"):
        Checked().size(zipped(("folder/", "")))


def test_the_limit_itself_is_taken_and_a_byte_more_is_not():
    assert Checked().size(zeros(LARGEST_UNZIPPED)) == LARGEST_UNZIPPED
    with pytest.raises(RefusedZip, match="Unzipped size must be smaller than 262144000 bytes"):
        Checked().size(zeros(LARGEST_UNZIPPED + 1))


def test_layers_count():
    checked = Checked()
    code = zeros(10 * MIB)
    assert checked.size(code, layers=LARGEST_UNZIPPED - 10 * MIB) == 10 * MIB
    with pytest.raises(RefusedZip, match=f"smaller than {10 * MIB - 1} bytes"):
        checked.size(code, layers=LARGEST_UNZIPPED - 10 * MIB + 1)


def test_what_headers_claim_beyond_the_limit_is_never_read():
    with pytest.raises(RefusedZip, match="Unzipped size"):
        Checked().size(lying(0xFFFFFFF0))


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("state")) as cloud:
        made = {
            name: connect_endpoint(PLACE, cloud.endpoint, cloud.key).client(name) for name in ("lambda", "iam", "s3")
        }
        made["iam"].create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(function_trust().document()))
        made["s3"].create_bucket(Bucket="code")
        yield made


def create(aws, name, code, **more):
    given = {"ZipFile": code} if isinstance(code, bytes) else code
    role = f"arn:aws:iam::{PLACE.account}:role/r"
    return aws["lambda"].create_function(
        FunctionName=name, Runtime="python3.11", Role=role, Handler="app.handler", Code=given, **more
    )


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as refused:
        call(*args, **kwargs)
    error = refused.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


UNZIPPED = (400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes")


def test_no_function_is_made_of_too_much(aws):
    assert refusal(create, aws, "bomb", zeros(270 * MIB)) == UNZIPPED
    assert refusal(aws["lambda"].get_function, FunctionName="bomb")[0] == 404


def test_a_package_in_a_bucket_is_judged_as_well(aws):
    aws["s3"].put_object(Bucket="code", Key="bomb.zip", Body=zeros(270 * MIB))
    assert refusal(create, aws, "bomb", {"S3Bucket": "code", "S3Key": "bomb.zip"}) == UNZIPPED


def test_an_update_that_is_refused_changes_nothing(aws):
    create(aws, "f", zipped(("app.py", SOURCE)))
    before = aws["lambda"].get_function(FunctionName="f")["Configuration"]["CodeSha256"]
    assert refusal(aws["lambda"].update_function_code, FunctionName="f", ZipFile=zeros(270 * MIB)) == UNZIPPED
    assert refusal(aws["lambda"].update_function_code, FunctionName="f", ZipFile=b"none")[2] == BROKEN
    assert aws["lambda"].get_function(FunctionName="f")["Configuration"]["CodeSha256"] == before
    assert json.load(aws["lambda"].invoke(FunctionName="f")["Payload"]) == 1


def test_layers_are_judged_alone_and_beside_the_code(aws):
    publish = aws["lambda"].publish_layer_version
    assert refusal(publish, LayerName="big", Content={"ZipFile": zeros(270 * MIB)}) == UNZIPPED
    layer = publish(LayerName="half", Content={"ZipFile": zeros(200 * MIB)})["LayerVersionArn"]
    left = LARGEST_UNZIPPED - 200 * MIB
    told = refusal(create, aws, "both", zeros(60 * MIB), Layers=[layer])
    assert told[1:] == ("InvalidParameterValueException", f"Unzipped size must be smaller than {left} bytes")
    create(aws, "later", zeros(60 * MIB))
    told = refusal(aws["lambda"].update_function_configuration, FunctionName="later", Layers=[layer])
    assert told[2] == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {260 * MIB} bytes."
    )


def test_direct_uploads_have_a_limit_of_their_own_and_buckets_have_not(aws):
    stored = zipped(("app.py", SOURCE), ("noise", bytes(LARGEST_ZIPPED)), method=zipfile.ZIP_STORED)
    assert refusal(create, aws, "direct", stored)[1:] == (
        "InvalidParameterValueException",
        "Zipped size must be smaller than 52428800 bytes",
    )
    larger = zipped(("app.py", SOURCE), ("noise", bytes(LARGEST_ZIPPED + MIB)), method=zipfile.ZIP_STORED)
    assert refusal(create, aws, "direct", larger) == (
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    )
    aws["s3"].put_object(Bucket="code", Key="large.zip", Body=larger)
    assert create(aws, "direct", {"S3Bucket": "code", "S3Key": "large.zip"})["CodeSize"] == len(larger)


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_links_inside_a_zip_are_links_and_lead_nowhere_else(aws):
    create(aws, "linked", zipped((link("app.py"), "code/real.py"), ("code/real.py", SOURCE)))
    assert json.load(aws["lambda"].invoke(FunctionName="linked")["Payload"]) == 1
    create(aws, "escapes", zipped(("app.py", SOURCE), (link("door"), "/etc/passwd")))
    told = refusal(aws["lambda"].invoke, FunctionName="escapes")
    assert told[1:] == ("InvalidCodeException", "the link /door leads out of the package")
