from __future__ import annotations

from shared.deploy.deploy import deploy, plan


def test_a_second_deploy_plans_nothing(lane, project, aws):
    first = deploy(lane, project, aws)
    assert {step.action for step in first.changes} == {"create"}
    assert plan(lane, project, aws).changes == ()
