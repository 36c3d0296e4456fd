"""Run with: lanes test __TEAM__ __NAME__"""

import steps


def test_numbers_are_described():
    assert steps.describe({"numbers": [1, 2, 6]}, None) == {"mean": 3, "median": 2, "most": 6}


def test_the_workflow_answers_with_what_was_described(workflow):
    run = workflow.run({"numbers": [10, 20, 60]})  # in this process: no cloud, no waiting
    assert run.output == {"mean": 30, "median": 20, "most": 60}
