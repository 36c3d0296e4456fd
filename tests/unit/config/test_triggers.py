"""What a card may say of what starts its workflow, what is refused of it, and what a lane makes of it."""

import json

import pytest

from shared.config.triggers import STARTERS, Link, barred, circles

CARD = """\
description: Sums up.
functions:
  sum:
    handler: steps.handler
parameters:
  folder: {type: string, default: incoming, description: Where the files lie.}
  limit: {type: integer, default: 10, minimum: 1, maximum: 100, description: At most so many.}
"""
TEMPLATE = {"StartAt": "Sum", "States": {"Sum": {"Type": "Task", "Resource": "${sum}", "End": True}}}


@pytest.fixture
def own(files):
    """Return a function that writes a team's own workflow with *more* on its card."""

    def write(more="", key="nightly", card=CARD):
        folder = f"teams/team1/{key}"
        files.write(f"{folder}/workflow.yaml", card + more)
        files.write(f"{folder}/workflow.asl.json", json.dumps(TEMPLATE))
        files.write(f"{folder}/steps.py", "def handler(event, context):\n    return event\n")
        return files

    files.team("team1")
    return write


def test_the_short_form_is_one_schedule_of_that_name(own):
    lane = own("schedule: cron(0 2 * * ? *)\n").load().lane("team1")
    made = lane.workflows["nightly"].schedules
    assert [*made.by_key] == ["schedule"]
    assert made.by_key["schedule"].expression == "cron(0 2 * * ? *)"
    assert made.by_key["schedule"].timezone == "UTC"
    assert made.by_key["schedule"].payload == {"folder": "incoming", "limit": 10}
    assert made.group == f"team1-nightly-{lane.hash}"
    assert made.role == f"team1-nightly-scheduler-role-{lane.hash}"
    assert made.dead_letters == f"team1-nightly-schedules-dead-letters-{lane.hash}"


def test_a_schedules_payload_goes_over_the_teams_parameters(own):
    files = own(
        "schedule:\n  morning: {when: 'cron(0 7 ? * MON-FRI *)', timezone: Europe/Berlin, payload: {limit: 3}, "
        "window: 15}\n"
        "  often: rate(1 hour)\n"
    )
    files.team("team1", "workflows: {nightly: {folder: elsewhere}}\n")
    morning, often = files.load().lane("team1").workflows["nightly"].schedules.by_key.values()
    assert (morning.timezone, morning.window_minutes) == ("Europe/Berlin", 15)
    assert morning.payload == {"folder": "elsewhere", "limit": 3}
    assert often.payload == {"folder": "elsewhere", "limit": 10}


@pytest.mark.parametrize("payload", [{"any": {"thing": [1, None]}}, [1, "two"], "text", 3, False])
def test_without_parameters_a_schedules_payload_is_the_input_whatever_json_it_is(own, payload):
    card = CARD.partition("parameters:")[0]
    files = own(f"schedule: {{a: {{when: rate(1 day), payload: {json.dumps(payload)}}}}}\n", card=card)
    assert files.load().lane("team1").workflows["nightly"].schedules.by_key["a"].payload == payload


@pytest.mark.parametrize("payload", ["2026-01-02", "{day: 2026-01-02}", ".nan", '"\\ud800"'])
def test_a_payload_that_is_no_json_is_told_with_its_line(own, payload):
    card = CARD.partition("parameters:")[0]
    (problem,) = own(f"schedule:\n  a:\n    when: rate(1 day)\n    payload: {payload}\n", card=card).problems()
    assert problem.startswith("teams/team1/nightly/workflow.yaml:8: the payload is no JSON: ")
    assert problem.endswith("(put it in quotes)")


def test_an_upload_has_a_queue_and_a_function_that_starts_runs(own):
    lane = own("on: {bucket: {prefix: incoming/, suffix: .csv}}\n").load().lane("team1")
    upload = lane.workflows["nightly"].upload
    assert (upload.prefix, upload.suffix, upload.window_seconds) == ("incoming/", ".csv", None)
    assert upload.queue.name == f"team1-nightly-starts-{lane.hash}"
    function = lane.functions[upload.function]
    assert function.workflow == STARTERS
    assert function.starts == "nightly"
    assert function.environment["STATE_MACHINE"] == lane.state_machine_arn("nightly")
    assert json.loads(function.environment["INPUT"]) == {"folder": "incoming", "limit": 10}
    assert function.environment["GIVES"] == "object"
    assert upload.queue.visibility_seconds >= 6 * function.timeout_seconds


def test_with_a_window_the_objects_come_together(own):
    lane = own("on: {bucket: {prefix: incoming/, window: 30}}\n").load().lane("team1")
    function = lane.functions["nightly-starter"]
    assert function.environment["GIVES"] == "objects"
    seconds = lane.workflows["nightly"].upload.queue.visibility_seconds
    assert seconds == 6 * function.timeout_seconds + 30  # a message is taken for as long as its batch is gathered


@pytest.mark.parametrize(("window", "name", "kind"), [("", "object", "object"), (", window: 30", "objects", "array")])
def test_what_uploads_give_may_be_declared(own, window, name, kind):
    card = CARD.replace("parameters:\n", f"parameters:\n  {name}: {{type: {kind}, description: What came.}}\n")
    more = f"on: {{bucket: {{prefix: incoming/{window}}}}}\n"
    assert name in {spec.name for spec in own(more, card=card).load().lane("team1").workflows["nightly"].specs}
    card = card.replace(f"type: {kind}", "type: string")
    (problem,) = own(more, card=card).problems()
    assert f"{name} is what uploads give a run, of type {kind}, and no string" in problem


def test_a_card_may_declare_what_uploads_give_to_give_it_by_hand_too(own):
    several = "  objects: {type: array, description: Those that came.}\n"
    assert own(f"{several}on: {{bucket: {{prefix: incoming/, window: 30}}}}\n").load()
    one = "  object: {type: object, description: The one that came.}\n"
    assert own(f"{one}on: {{bucket: {{prefix: incoming/}}}}\n").load()


def test_an_expression_without_quotes_in_braces_is_told_to_have_some(own):
    (problem,) = own("schedule:\n  a: {when: cron(0 7 ? * MON-FRI *)}\n").problems()
    assert "put the expression in quotes" in problem


def test_who_borrows_a_workflow_is_started_by_nothing(own):
    files = own("share: all\nschedule: rate(1 day)\non: {bucket: {prefix: incoming/}}\n")
    files.team("team2", "workflows: {team1/nightly: {}}\n")
    borrowed = files.load().lane("team2").workflows["nightly"]
    assert (borrowed.schedules, borrowed.upload) == (None, None)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("schedule: cron(0 0 30 2 ? *)", "workflow.yaml:8: 'cron(0 0 30 2 ? *)' never comes"),
        ("schedule: cron(0 0 * * ? 2025)", "never comes"),
        ("schedule: cron(0 0 * * * *)", "one of day-of-month and day-of-week"),
        ("schedule: rate(0 minutes)", "must be at least 1"),
        ("schedule: at(2030-01-01T00:00:00)", "would start once"),
        (
            "schedule:\n  a: {when: rate(1 day), timezone: Mars/Olympus}",
            "workflow.yaml:9: unknown time zone 'Mars/Olympus'",
        ),
        ("schedule:\n  a: {when: rate(1 day), payload: {limit: 1000}}", "the payload: limit is 1000, not 1 to 100"),
        (
            "schedule:\n  a: {when: rate(1 day), payload: {limt: 1}}",
            "unknown parameter 'limt' in the payload (did you mean",
        ),
        ("schedule:\n  a: {when: rate(1 day), payload: [1, 2]}", "no object of the workflow's parameters, but [1, 2]"),
        ("schedule:\n  a: {when: rate(1 day), window: 0}", "schedule.a.window"),
        ("schedule:\n  a: {timezone: UTC}", "schedule.a.when is missing"),
        ("schedule:\n  Nightly: rate(1 day)", "the schedule's key 'Nightly' does not match"),
        (f"schedule:\n  {'a' * 33}: rate(1 day)", "32 characters at most"),
        (f"schedule:\n  a: {{when: rate(1 day), payload: {{folder: {'a' * 270_000}}}}}", "the payload has 2700"),
        ("on: {bucket: {prefix: ''}}", "on.bucket.prefix"),
        ("on: {bucket: {suffix: .csv}}", "on.bucket.prefix is missing"),
        ("on: {bucket: {prefix: 'in coming/'}}", "on.bucket.prefix"),
        ("on: {bucket: {prefix: 'in*/'}}", "on.bucket.prefix"),
        ("on: {bucket: {prefix: incoming/, window: 301}}", "on.bucket.window"),
        ("on: {bucket: {prefix: runs/in/}}", "runs/in/ meets runs/"),
        ("on: {bucket: {prefix: r}}", "r meets runs/"),
        ("on: {bucket: {prefix: inputs/}}", "inputs/ meets inputs/, where lanes run puts what goes by reference"),
        ("on: {bucket: {prefix: in}}", "in meets inputs/"),
        ("on: {buckets: {raw: {prefix: incoming/}}}", "may name the team's bucket alone"),
        ("on: {queue: work}", "unknown key 'on.queue'"),
        ("on: {feeds: [other]}", "no upload starts 'other'"),
        ("type: express\nschedule: rate(1 day)", "delivered twice would run twice"),
        ("type: express\non: {bucket: {prefix: incoming/}}", "delivered twice would run twice"),
        ("on: {bucket: {prefix: incoming/}, feeds: [nightly]}", "nightly feeds nightly, which leads back to nightly"),
    ],
)
def test_what_cannot_start_it_is_refused_with_its_line(own, more, problem):
    problems = own(f"{more}\n").problems()
    assert any(problem in each for each in problems), problems
    assert {each.partition(":")[0] for each in problems} <= {
        "teams/team1/nightly/workflow.yaml",
        "teams/team1/nightly/workflow.asl.json",
    }


@pytest.mark.parametrize(
    ("card", "more", "problem"),
    [
        (CARD.replace("  sum:", "  starter:"), "", "deployment adds a function 'starter'"),
        (CARD + "  script: {type: string, default: null, upload: incoming, description: A file.}\n", "",
         "lanes run puts script into incoming/, and the upload would start a second run"),
        (CARD + "  script: {type: string, default: null, upload: scripts, description: A file.}\n", "",
         "a run that an upload starts would have no script"),
        (CARD + "  object: {type: string, default: null, description: What.}\n", "",
         "object is what uploads give a run"),
    ],
)  # fmt: skip
def test_a_card_that_no_upload_can_start_is_refused(own, card, more, problem):
    problems = own(f"on: {{bucket: {{prefix: incoming/}}}}\n{more}", card=card).problems()
    assert any(problem in each for each in problems), problems


def test_a_schedule_without_the_file_that_a_run_needs_is_refused(own):
    card = CARD + "  script: {type: string, default: null, upload: scripts, description: A file.}\n"
    assert any(
        "no run of it would have script" in each for each in own("schedule: rate(1 day)\n", card=card).problems()
    )
    given = "schedule:\n  a: {when: rate(1 day), payload: {script: scripts/a.py}}\n"
    assert own(given, card=card).load()


def test_a_shared_workflow_is_started_by_nothing(files):
    files.edit("statemachines/stars.yaml", "functions:", "schedule: rate(1 day)\nfunctions:")
    assert any("every team that has a shared workflow" in each for each in files.problems())


def test_two_filters_that_one_object_could_match_are_refused(own):
    own("on: {bucket: {prefix: incoming/, suffix: .csv}}\n", "one")
    files = own("on: {bucket: {prefix: incoming/new/}}\n", "two")
    (problem,) = files.problems()
    assert "two/workflow.yaml:8: incoming/new/* and incoming/*.csv of one can be one object" in problem


def test_two_filters_apart_by_prefix_or_by_suffix_are_taken(own):
    own("on: {bucket: {prefix: incoming/, suffix: .csv}}\n", "one")
    own("on: {bucket: {prefix: incoming/, suffix: .json}}\n", "two")
    assert own("on: {bucket: {prefix: raw/, suffix: .csv}}\n", "three").load()


def test_two_workflows_that_feed_each_other_are_refused(own):
    own("on: {bucket: {prefix: a/}, feeds: [two]}\n", "one")
    problems = own("on: {bucket: {prefix: b/}, feeds: [one]}\n", "two").problems()
    assert len(problems) == 2
    assert all("which leads back to" in each for each in problems)


def test_what_goes_round_is_told_beside_what_else_is_wrong_on_the_card(own):
    problems = own("schedule: rate(0 days)\non: {bucket: {prefix: a/}, feeds: [nightly]}\n").problems()
    assert len(problems) == 2


def test_a_chain_that_ends_is_taken(own):
    own("on: {bucket: {prefix: a/}, feeds: [two]}\n", "one")
    lane = own("on: {bucket: {prefix: b/}}\n", "two").load().lane("team1")
    assert barred(lane.links) == {"one": ("a/",), "two": ("a/", "b/")}


def test_what_a_started_workflow_starts_may_feed_none_either():
    links = {"one": Link("a/", starts=("two",)), "two": Link(), "three": Link()}
    assert barred(links) == {"one": ("a/",), "two": ("a/",)}


def test_a_circle_by_way_of_a_started_workflow_is_found():
    links = {"one": Link("a/", starts=("two",)), "two": Link(feeds=("one",))}
    assert list(circles(links)) == [("two", "one")]
