"""Functions that are container images, from the push to the answer, over boto3."""

import json

import pytest
import urllib3
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.errors import code_of
from shared.isolation.roles.function_role import function_trust
from shared.local.cloud import EmbeddedCloud
from shared.packages.images import make
from shared.packages.images.build import assemble, write_scratch
from shared.packages.images.layout import CONFIG, INDEX, MANIFEST, Layout, to_json
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry

PLACE = Place("210987654321", "eu-west-1", "test")
HOST = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
ROLE = "arn:aws:iam::210987654321:role/r"
NOTHING = "sha256:" + "0" * 64
SOURCE = """
import os, data
def handler(event, context):
    return {"event": event, "says": SAYS, "data": data.value, "root": os.environ["LAMBDA_TASK_ROOT"],
            "here": os.getcwd(), "mode": os.environ.get("MODE"), "level": os.environ.get("LEVEL"),
            "machine": os.environ["PATH"] != "/none"}
def other(event, context):
    return "other"
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
        trust = function_trust().document()
        aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
        yield aws


@pytest.fixture
def repository(aws):
    aws.client("ecr").create_repository(repositoryName="wssr/work")
    yield "wssr/work"
    aws.client("ecr").delete_repository(repositoryName="wssr/work", force=True)


@pytest.fixture
def push(aws, repository, tmp_path):
    """Return a function that pushes an image whose handler returns a text; it returns the image's digest."""

    def image(tag, says="one", env=(), **files):
        base = Layout(tmp_path / f"base-{tag}-{says}")
        write_scratch(base)
        if env:
            set_environment(base, list(env))
        layout = Layout(tmp_path / f"image-{tag}-{says}")
        layers = [{"var/task/data.py": b"value = 1\n", "usr/bin/tool": b"not ours"}]
        layers += [{f"var/task/{name}": content for name, content in files.items()}]
        layers += [{"var/task/app.py": SOURCE.replace("SAYS", repr(says)).encode()}]
        assemble(base, layers, "app.handler", layout)
        host, credentials = make.ecr_login(aws)
        return Registry(Reference(host, repository, tag), credentials).push(layout)

    return image


def set_environment(base, variables):
    blob, _ = base.parts()
    config = json.loads(base.read(blob)) | {"config": {"Env": variables}}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": []}
    manifest["config"] = base.add(to_json(config), CONFIG).json()
    base.name(base.add(to_json(manifest), MANIFEST))


@pytest.fixture
def create(aws):
    made = []

    def function(uri, **settings):
        made.append(f"f{len(made)}")
        settings = {"PackageType": "Image", "Timeout": 10, **settings}
        return aws.lambda_.create_function(FunctionName=made[-1], Role=ROLE, Code={"ImageUri": uri}, **settings)

    yield function
    for found in aws.lambda_.list_functions()["Functions"]:
        aws.lambda_.delete_function(FunctionName=found["FunctionName"])


def invoke(aws, name="f0", **settings):
    answer = aws.lambda_.invoke(FunctionName=name, Payload=b'{"n": 1}', **settings)
    assert "FunctionError" not in answer
    return json.load(answer["Payload"])


def test_a_handler_answers_from_its_image(aws, push, create):
    digest = push("v1", "hello", ["MODE=image", "LEVEL=image", "PATH=/none"])
    made = create(f"{HOST}/wssr/work:v1", Environment={"Variables": {"LEVEL": "function"}})
    assert (made["PackageType"], made["CodeSha256"], made["CodeSize"]) == ("Image", digest.partition(":")[2], 0)
    assert not {"Runtime", "Handler", "ImageConfigResponse"} & made.keys()
    told = aws.lambda_.get_function(FunctionName="f0")
    assert told["Configuration"]["PackageType"] == "Image"
    assert told["Code"] == {
        "RepositoryType": "ECR",
        "ImageUri": f"{HOST}/wssr/work:v1",
        "ResolvedImageUri": f"{HOST}/wssr/work@{digest}",
    }
    answer = invoke(aws)
    assert (answer["event"], answer["says"], answer["data"]) == ({"n": 1}, "hello", 1)
    assert (answer["mode"], answer["level"], answer["machine"]) == ("image", "function", True)
    assert answer["root"] == answer["here"]
    assert answer["root"].endswith("/var/task")


def test_the_command_of_the_function_goes_before_the_images(aws, push, create):
    digest = push("v1")
    made = create(f"{HOST}/wssr/work@{digest}", ImageConfig={"Command": ["app.other"]})
    assert made["ImageConfigResponse"]["ImageConfig"] == {"Command": ["app.other"]}
    assert invoke(aws) == "other"
    changed = aws.lambda_.update_function_configuration(FunctionName="f0", ImageConfig={"Command": ["app.handler"]})
    assert changed["ImageConfigResponse"]["ImageConfig"] == {"Command": ["app.handler"]}
    assert invoke(aws)["says"] == "one"


def test_a_tag_that_moves_changes_nothing_until_the_code_is_updated(aws, push, create):
    first = push("v1", "one")
    create(f"{HOST}/wssr/work:v1")
    second = push("v1", "two")
    assert invoke(aws)["says"] == "one"
    dry = aws.lambda_.update_function_code(FunctionName="f0", ImageUri=f"{HOST}/wssr/work:v1", DryRun=True)
    assert dry["CodeSha256"] == first.partition(":")[2]
    assert invoke(aws)["says"] == "one"
    changed = aws.lambda_.update_function_code(FunctionName="f0", ImageUri=f"{HOST}/wssr/work:v1")
    assert changed["CodeSha256"] == second.partition(":")[2]
    assert invoke(aws)["says"] == "two"
    aws.lambda_.update_function_code(FunctionName="f0", ImageUri=f"{HOST}/wssr/work@{first}")
    assert aws.lambda_.get_function(FunctionName="f0")["Code"]["ResolvedImageUri"].endswith(first)
    assert invoke(aws)["says"] == "one"


def test_a_published_version_keeps_its_image(aws, push, create):
    push("v1", "one")
    create(f"{HOST}/wssr/work:v1", Publish=True)
    push("v1", "two")
    aws.lambda_.update_function_code(FunctionName="f0", ImageUri=f"{HOST}/wssr/work:v1", Publish=True)
    assert [invoke(aws, Qualifier=version)["says"] for version in ("1", "2", "$LATEST")] == ["one", "two", "two"]


def test_two_functions_of_one_image_unpack_it_once(aws, push, create):
    push("v1")
    create(f"{HOST}/wssr/work:v1")
    create(f"{HOST}/wssr/work:v1", ImageConfig={"Command": ["app.handler"]})
    assert invoke(aws, "f0")["root"] == invoke(aws, "f1")["root"]


def test_an_image_runs_on_when_its_repository_is_gone_if_it_ran_before(aws, push, create):
    push("v1", "kept")
    push("v2", "never run")
    create(f"{HOST}/wssr/work:v1")
    create(f"{HOST}/wssr/work:v2")
    assert invoke(aws, "f0")["says"] == "kept"
    aws.client("ecr").delete_repository(repositoryName="wssr/work", force=True)
    aws.client("ecr").create_repository(repositoryName="wssr/work")
    aws.lambda_.update_function_configuration(FunctionName="f0", Timeout=9)
    assert invoke(aws, "f0")["says"] == "kept"
    with pytest.raises(ClientError, match="the image is no longer in its repository"):
        invoke(aws, "f1")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (f"{HOST}/wssr/work:v2", f"Source image {HOST}/wssr/work:v2 does not exist. Provide a valid source image."),
        (f"{HOST}/wssr/work@{NOTHING}", "does not exist"),
        (f"{HOST}/none:v1", "does not exist"),
        ("wssr/work:v1", "Source image wssr/work:v1 is not valid. Provide a valid source image."),
        (f"{HOST}/wssr/work:all", "media type for the source image .* is not supported"),
    ],
)
def test_an_image_that_lambda_does_not_take(aws, push, create, uri, message):
    digest = push("v1")
    put_index(aws, digest)
    create(f"{HOST}/wssr/work:v1")
    for attempt in (create, lambda uri: aws.lambda_.update_function_code(FunctionName="f0", ImageUri=uri)):
        with pytest.raises(ClientError, match=message) as refused:
            attempt(uri)
        assert code_of(refused.value) == "InvalidParameterValueException"
    assert [each["FunctionName"] for each in aws.lambda_.list_functions()["Functions"]] == ["f0"]
    assert invoke(aws)["says"] == "one"


def put_index(aws, digest):
    host, credentials = make.ecr_login(aws)
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": MANIFEST, "digest": digest, "size": 1}],
    }
    url = f"http://{host}/v2/wssr/work/manifests/all"
    headers = {"Content-Type": INDEX} | urllib3.make_headers(basic_auth=":".join(credentials))
    with urllib3.PoolManager() as pool:
        answer = pool.request("PUT", url, body=to_json(index), headers=headers)
    assert answer.status == 201


def test_images_and_zips_do_not_mix(aws, push, create):
    push("v1")
    refused = pytest.raises(ClientError, match=r"InvalidParameterValueException.*Please (don't )?provide")
    for settings in ({"PackageType": "Zip"}, {"Handler": "app.handler"}, {"Runtime": "python3.12"}):
        with refused:
            create(f"{HOST}/wssr/work:v1", **settings)
    create(f"{HOST}/wssr/work:v1")
    name = aws.lambda_.list_functions()["Functions"][0]["FunctionName"]
    with refused:
        aws.lambda_.update_function_code(FunctionName=name, ZipFile=b"PK")


def test_a_command_that_is_no_handler_is_refused(aws, push, create):
    push("v1")
    create(f"{HOST}/wssr/work:v1", ImageConfig={"Command": ["python", "-m", "x"]})
    with pytest.raises(ClientError, match=r"f0 runs \['python', '-m', 'x'\]: .* one word, the handler"):
        invoke(aws)


def test_a_function_sees_its_image_and_no_package_of_this_project(make_runtime, function, image_code):
    source = (
        "import importlib.util as u\ndef handler(event, context):\n    return [bool(u.find_spec(n)) for n in event]\n"
    )
    image = image_code({"app.py": source, "own.py": ""})
    runtime = make_runtime()
    spec = function(source, image=image)
    answer = runtime.invoke(spec, b'["own", "boto3", "moto", "shared"]')
    assert json.loads(answer.payload) == [True, True, False, False]
