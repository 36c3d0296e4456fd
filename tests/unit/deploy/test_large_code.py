"""Large code: sent to the lane's bucket, fetched from there, and the same code afterwards."""

import base64
import hashlib
import io
import os
import zipfile

import pytest
from botocore.exceptions import ClientError

from shared.deploy.chalice.deployer import ChaliceDeployer
from shared.deploy.chalice.large_code import LargeCodeClient
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.watch import UNWATCHED
from shared.errors import LanesError, code_of


def zipped(text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("shared/handlers/cosmic/init.py", text)
    return buffer.getvalue()


@pytest.fixture
def deployed(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    return lane


@pytest.fixture
def asked(aws):
    """What Lambda is asked to change code with, from here on."""
    found = []
    events = aws.lambda_.meta.events
    events.register("provide-client-params.lambda.UpdateFunctionCode", lambda params, **_: found.append(params))
    return found


@pytest.fixture
def objects(aws, lane):
    """Return a function to (key, version) of all code in the bucket."""

    def listed():
        found = aws.s3.list_object_versions(Bucket=lane.bucket, Prefix="runs/code/").get("Versions", ())
        return [(each["Key"], each["VersionId"]) for each in found]

    return listed


def test_small_code_goes_to_lambda_itself(aws, deployed, objects):
    name, code = deployed.functions["cosmic-init"].name, zipped("a = 1")
    told = LargeCodeClient(aws, deployed, largest=len(code)).update_function_code(FunctionName=name, ZipFile=code)
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert objects() == []


def test_larger_code_goes_through_the_bucket_once_for_all_functions(aws, deployed, objects):
    code = zipped("a = 2")
    client = LargeCodeClient(aws, deployed, largest=len(code) - 1)
    for function in deployed.functions.values():
        told = client.update_function_code(FunctionName=function.name, ZipFile=code)
        assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
        assert told["CodeSize"] == len(code)
    assert [key for key, _ in objects()] == [f"runs/code/{hashlib.sha256(code).hexdigest()}.zip"]


def test_what_lies_there_under_the_name_is_not_trusted(aws, deployed, objects, asked):
    code, name = zipped("a = 3"), deployed.functions["cosmic-init"].name
    key = f"runs/code/{hashlib.sha256(code).hexdigest()}.zip"
    aws.s3.put_object(Bucket=deployed.bucket, Key=key, Body=zipped("forged = True"), ChecksumAlgorithm="SHA256")
    (forged,) = objects()
    told = LargeCodeClient(aws, deployed, largest=1).update_function_code(FunctionName=name, ZipFile=code)
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert len(objects()) == 2
    (params,) = asked
    assert params["S3Key"] == key
    assert params["S3ObjectVersion"] in {version for _, version in objects()} - {forged[1]}


def test_a_bucket_that_is_not_there_is_told_with_the_way_to_have_one(aws, lane):
    client = LargeCodeClient(aws, lane, largest=1)
    with pytest.raises(LanesError, match="could not be put into the lane's bucket") as caught:
        client.create_function(FunctionName="f", Code={"ZipFile": b"large"})
    assert "lanes deploy team2 makes the bucket" in str(caught.value)


def test_all_else_is_lambdas_own_client(aws, deployed):
    client = LargeCodeClient(aws, deployed)
    assert client.get_function(FunctionName=deployed.functions["cosmic-init"].name)["Configuration"]
    with pytest.raises(ClientError) as caught:
        client.get_function(FunctionName="nobody")
    assert code_of(caught.value) == "ResourceNotFoundException"
    with pytest.raises(ClientError):
        client.update_function_code(FunctionName="nobody", ZipFile=b"small")


def test_a_package_of_more_than_fifty_mb_is_deployed_and_then_left_alone(lane, project, aws, objects):
    cosmic = project.root / "shared/handlers/cosmic"
    (cosmic / "weights.bin").write_bytes(os.urandom(51 * 1024**2))
    with (cosmic / "init.py").open("a") as handler:
        handler.write("WEIGHTS = __file__.replace('init.py', 'weights.bin')\n")
    todo = prepare_lane(lane, project, aws).deploy()
    assert sum(step.kind == "function" for step in todo.changes) == 2
    assert prepare_lane(lane, project, aws).plan().changes == ()
    packages = package_code(project, lane)
    made = packages["cosmic"]
    assert made.size > 50 * 1024**2
    assert [key for key, _ in objects()] == [f"runs/code/{base64.b64decode(made.sha256).hex()}.zip"]
    ChaliceDeployer(lane, project.root / "chalice_app", packages)(aws, {"function": "cosmic-init"}, UNWATCHED)
    assert len(objects()) == 1, "it is there already"
