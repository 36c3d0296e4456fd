from __future__ import annotations

import dataclasses

from shared.config.lane import Image
from shared.deploy.chalice.stage import make_app, render_config, zipped


def test_every_team_has_a_stage_that_names_its_own_roles(make_lane):
    config = render_config([make_lane("team2"), make_lane("team1")])
    assert list(config["stages"]) == ["team1", "team2"]
    assert (config["manage_iam_role"], config["autogen_policy"]) == (False, False)
    stage = config["stages"]["team2"]
    assert stage["environment_variables"] == {"TEAM": "team2"}
    assert stage["log_retention_in_days"] == 30
    assert stage["tags"]["managed-by"] == "teamlanes"
    infer = stage["lambda_functions"]["cosmic-infer"]
    assert infer["iam_role_arn"] == "arn:aws:iam::123456789012:role/team2-cosmic-infer-role-7078ea12"
    assert (infer["lambda_memory_size"], infer["lambda_timeout"], infer["reserved_concurrency"]) == (512, 60, 8)
    assert "reserved_concurrency" not in stage["lambda_functions"]["cosmic-init"]
    assert "team1" not in str(stage)


def test_a_function_that_is_an_image_is_in_no_stage(lane):
    image = Image("team2/cosmic-infer", "example/python:3", (), libraries=False, entrypoint=())
    infer = dataclasses.replace(lane.functions["cosmic-infer"], image=image)
    lane = dataclasses.replace(lane, functions={**lane.functions, "cosmic-infer": infer})
    assert list(render_config([lane])["stages"]["team2"]["lambda_functions"]) == ["cosmic-init"]
    assert zipped(lane) == ("cosmic-init",)


def test_handlers_are_resolved_by_their_own_modules_and_not_imported(lane):
    app = make_app(lane, lane.functions)
    assert {function.name: function.handler_string for function in app.pure_lambda_functions} == {
        "cosmic-init": "shared.handlers.cosmic.init.handler",
        "cosmic-infer": "shared.handlers.cosmic.infer.handler",
    }
