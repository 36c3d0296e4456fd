"""Layers that the embedded cloud does not have, and networks that it does not make, are told before a deploy."""

import io
import zipfile
from types import SimpleNamespace

import pytest
from moto.core.base_backend import BackendDict

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.config.resources import Vpc
from shared.errors import LanesError
from shared.local.corrections.corrected import moto_corrected
from shared.local.layers import check_layers
from shared.local.networks import other_network
from shared.local.server import MotoServer

PLACE = Place("123456789012", "us-east-1", "dev")
OWN = "arn:aws:lambda:us-east-1:123456789012:layer:own:1"
PUBLIC = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:16"


@pytest.fixture
def aws():
    BackendDict.reset()
    with moto_corrected(), MotoServer() as server:
        server.start()
        yield connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret"))
    BackendDict.reset()


@pytest.fixture
def publish(aws):
    def make(name, **settings):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("python/a.py", "")
        aws.lambda_.publish_layer_version(LayerName=name, Content={"ZipFile": buffer.getvalue()}, **settings)

    return make


def lane(*layers, vpc=None):
    function = SimpleNamespace(name="team1-f-0a1b2c3d", layers=layers, vpc=vpc)
    return SimpleNamespace(place=PLACE, functions={"f": function, "g": function})


def test_a_lane_without_layers_asks_nothing(aws):
    check_layers(lane(), SimpleNamespace())


def test_each_missing_layer_is_named_once_with_the_command_that_publishes_it(aws, publish):
    publish("AWSSDKPandas-Python312")  # of that name, but it stands for nobody else's
    with pytest.raises(LanesError) as refused:
        check_layers(lane(OWN, PUBLIC), aws)
    said = str(refused.value)
    assert f"this cloud does not have the layers {OWN}, {PUBLIC}\n" in said
    assert "aws lambda publish-layer-version --layer-name own --zip-file fileb://layer.zip; " in said
    assert f"--layer-name AWSSDKPandas-Python312 --description {PUBLIC} --zip-file" in said


def test_what_was_published_is_there(aws, publish):
    publish("own")
    publish("pandas", Description=PUBLIC)
    check_layers(lane(OWN, PUBLIC), aws)
    with pytest.raises(LanesError, match="layer:own:2"):
        check_layers(lane(OWN[:-1] + "2", PUBLIC), aws)


def test_functions_in_a_network_are_named():
    assert other_network(lane()) == ""
    assert "team1-f-0a1b2c3d" in other_network(lane(vpc=Vpc(("subnet-1",), ("sg-1",))))
