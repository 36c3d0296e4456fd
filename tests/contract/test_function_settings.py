"""Settings of functions that moto drops or takes otherwise, put right. It fails when moto changes what is used here.

All calls but the signatures go over HTTP with boto3, as everyone's do.
"""

import inspect

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.core.base_backend import BackendDict

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.corrections.corrected import moto_corrected
from shared.local.server import MotoServer
from tests.helpers.zips import zipped

PLACE = Place("123456789012", "us-east-1", "dev")
PUBLIC = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:16"
SOURCE = "def handler(event, context): return event\n"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.fixture
def aws():
    BackendDict.reset()
    with moto_corrected(), MotoServer() as server:
        server.start()
        found = connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret"))
        found.iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
        yield found
    BackendDict.reset()


@pytest.fixture
def make(aws):
    """Return a function that makes the function f."""

    def create(name="f", **settings):
        role = PLACE.arn("iam", "role/r")
        code = {"Code": {"ZipFile": zipped(SOURCE)}, "Handler": "app.handler", "Runtime": "python3.14"}
        aws.lambda_.create_function(FunctionName=name, Role=role, **{**code, **settings})
        return aws.lambda_

    return create


@pytest.fixture
def layer(aws):
    """Return a function that publishes a layer and gives its version's ARN."""

    def publish(name="one", **settings):
        made = aws.lambda_.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(SOURCE)}, **settings)
        return made["LayerVersionArn"]

    return publish


def configuration(client):
    return client.get_function_configuration(FunctionName="f")


def refused(call, **given):
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_the_methods_we_replace_have_the_signatures_we_know():
    def names(method):
        return list(inspect.signature(inspect.unwrap(method)).parameters)

    assert names(LambdaFunction.update_configuration) == ["self", "config_updates"]
    assert names(LambdaFunction.update_function_code) == ["self", "updated_spec"]
    assert names(LambdaFunction._get_layers_data) == ["self", "layers_versions_arns"]
    assert names(LambdaBackend.layers_versions_by_arn) == ["self", "layer_version_arn"]
    assert names(LambdaBackend.put_function_event_invoke_config) == ["self", "function_name", "config"]
    assert names(LambdaBackend.update_function_event_invoke_config) == ["self", "function_name", "config"]
    assert names(EventInvokeConfig.__init__) == ["self", "arn", "last_modified", "config"]
    assert names(LambdaBackend.list_layers) == ["self"]
    assert names(LambdaBackend.list_layer_versions) == ["self", "layer_name"]


def test_a_function_keeps_the_architecture_and_the_storage_that_it_is_changed_to(make):
    client = make()
    client.update_function_code(FunctionName="f", ZipFile=zipped(SOURCE), Architectures=["arm64"])
    assert configuration(client)["Architectures"] == ["arm64"]
    client.update_function_code(FunctionName="f", ZipFile=zipped(SOURCE), Architectures=["x86_64"], DryRun=True)
    client.update_function_configuration(FunctionName="f", EphemeralStorage={"Size": 700})
    client.update_function_code(FunctionName="f", ZipFile=zipped(SOURCE))
    assert (configuration(client)["Architectures"], configuration(client)["EphemeralStorage"]) == (
        ["arm64"],
        {"Size": 700},
    )


def test_layers_keep_their_order(make, layer):
    layers = [layer("one"), layer("two")]
    client = make(Layers=layers[::-1])
    assert [each["Arn"] for each in configuration(client)["Layers"]] == layers[::-1]


def test_layers_that_lambda_refuses_are_refused_in_its_words(make, layer):
    one, again = layer(), layer()
    client = make()

    def put(*layers):
        return refused(client.update_function_configuration, FunctionName="f", Layers=list(layers))

    wrong = "InvalidParameterValueException"
    missing = one.removesuffix(":1") + ":7"
    assert put(missing) == (wrong, f"Layer version {missing} does not exist.")
    assert put(PUBLIC) == (wrong, f"Layer version {PUBLIC} does not exist.")
    assert put(one, again)[1].startswith("Two different versions of the same layer are not allowed")
    assert put(*[one] * 6)[1] == "Cannot reference more than 5 layers."
    assert "expected to be in region us-east-1" in put(one.replace("us-east-1", "eu-west-1"))[1]
    assert configuration(client)["Layers"] == []


def test_a_layer_stands_for_another_accounts_when_its_description_is_that_ones_arn(make, layer):
    layer("AWSSDKPandas-Python312")
    client = make()
    assert "does not exist" in refused(client.update_function_configuration, FunctionName="f", Layers=[PUBLIC])[1]
    layer("AWSSDKPandas-Python312", Description=PUBLIC)
    client.update_function_configuration(FunctionName="f", Layers=[PUBLIC])
    assert [each["Arn"] for each in configuration(client)["Layers"]] == [PUBLIC]


def test_a_configuration_of_events_replaces_the_one_before_it_and_an_update_adds_to_it(aws, make):
    aws.client("sqs").create_queue(QueueName="q")
    client, queue = make(), PLACE.arn("sqs", "q")
    destination = {"DestinationConfig": {"OnSuccess": {"Destination": queue}}}
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0, **destination)
    client.put_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
    told = client.get_function_event_invoke_config(FunctionName="f")
    assert told["MaximumEventAgeInSeconds"] == 60
    assert not {"MaximumRetryAttempts", "DestinationConfig"} & told.keys()
    client.update_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    told = client.get_function_event_invoke_config(FunctionName="f")
    assert (told["MaximumEventAgeInSeconds"], told["MaximumRetryAttempts"]) == (60, 1)
    client.delete_function_event_invoke_config(FunctionName="f")
    assert refused(client.get_function_event_invoke_config, FunctionName="f")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (FUNCTION, "You can't specify the function as a destination for itself."),
        (FUNCTION + "2", f"The destination ARN {FUNCTION}2 is invalid."),
        (PLACE.arn("sqs", "none"), f"The destination ARN {PLACE.arn('sqs', 'none')} is invalid."),
        (PLACE.arn("sns", "none"), f"The destination ARN {PLACE.arn('sns', 'none')} is invalid."),
        ("arn:aws:ses:us-east-1:123456789012:x", "The destination ARN arn:aws:ses:us-east-1:123456789012:x is invalid"),
    ],
)
def test_a_destination_that_is_not_there_is_refused(make, arn, said):
    told = {"OnFailure": {"Destination": arn}}
    code, message = refused(make().put_function_event_invoke_config, FunctionName="f", DestinationConfig=told)
    assert code == "InvalidParameterValueException"
    assert message.startswith(said)


def test_a_change_of_code_or_settings_has_a_later_time(make):
    client = make()
    times = [configuration(client)["LastModified"]]
    client.update_function_configuration(FunctionName="f", MemorySize=256)
    times.append(configuration(client)["LastModified"])
    told = client.update_function_code(FunctionName="f", ZipFile=zipped(SOURCE))
    times.append(configuration(client)["LastModified"])
    assert times == sorted(set(times))  # with microseconds, so that they differ
    assert told["LastModified"] == times[-1]
    client.update_function_code(FunctionName="f", ZipFile=zipped(SOURCE), DryRun=True)
    assert configuration(client)["LastModified"] == times[-1]


def test_no_concurrency_is_told_as_none_reserved_is_not(make):
    lambda_ = make()
    assert "Concurrency" not in lambda_.get_function(FunctionName="f")
    lambda_.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert lambda_.get_function(FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    lambda_.delete_function_concurrency(FunctionName="f")
    assert "Concurrency" not in lambda_.get_function(FunctionName="f")
