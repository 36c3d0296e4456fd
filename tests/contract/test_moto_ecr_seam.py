"""What the container registry and Lambdas of images need of moto. tests/unit/local has what they do with it."""

import inspect

from moto.awslambda.models import LambdaFunction
from moto.ecr.models import ECRBackend, Image
from moto.ecr.responses import ECRResponse

from shared.local import registry
from shared.local.enforcement.callers import actor_in
from shared.local.lambda_runtime import install_images


def names(method):
    return list(inspect.signature(method).parameters)


def test_the_methods_we_replace_and_call_have_the_signatures_we_know():
    assert names(ECRResponse.get_authorization_token) == ["self"]
    assert names(ECRBackend.delete_repository)[:2] == ["self", "repository_name"]
    assert names(Image)[:6] == ["account_id", "tag", "manifest", "repository", "image_manifest_mediatype", "digest"]
    assert names(LambdaFunction._set_function_code) == ["self", "updated_spec"]
    assert names(LambdaFunction.get_code) == ["self"]
    assert names(LambdaFunction.update_configuration) == ["self", "config_updates"]


def test_uninstalling_puts_moto_back(tmp_path):
    owners = (LambdaFunction, ECRBackend, ECRResponse)
    kept = {owner: dict(owner.__dict__) for owner in owners}
    store = registry.Store(tmp_path)
    with registry.install(store, registry.Passwords(), "http://127.0.0.1:9", actor_in), install_images(store):
        assert LambdaFunction.__dict__["get_code"] is not kept[LambdaFunction]["get_code"]
        assert ECRBackend.__dict__["delete_repository"] is not kept[ECRBackend]["delete_repository"]
    assert {owner: dict(owner.__dict__) for owner in owners} == kept
