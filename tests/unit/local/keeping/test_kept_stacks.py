"""A kept cloud keeps its stacks, and goes on with them."""

import json

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud

PLACE = Place("123456789012", "us-east-1", "dev")


def body(value):
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    return json.dumps({"Resources": {"P": parameter}, "Outputs": {"O": {"Value": {"Ref": "P"}}}})


def test_a_stack_is_changed_and_deleted_after_a_restart(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path, persist=True) as cloud:
        stacks = connect_endpoint(PLACE, cloud.endpoint, cloud.key).client("cloudformation")
        stacks.create_stack(StackName="kept", TemplateBody=body("one"))

    with EmbeddedCloud(PLACE, tmp_path, persist=True) as cloud:
        stacks = connect_endpoint(PLACE, cloud.endpoint, cloud.key).client("cloudformation")
        stacks.update_stack(StackName="kept", TemplateBody=body("two"))
        (stack,) = stacks.describe_stacks(StackName="kept")["Stacks"]
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        stacks.delete_stack(StackName="kept")
        assert stacks.describe_stacks()["Stacks"] == []
