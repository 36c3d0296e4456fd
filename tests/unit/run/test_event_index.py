"""The events of a history by state, type and failure, and the visits of one state, from the engine's histories."""

import pytest

from shared.errors import UsageError
from shared.run.event_index import EventIndex, Wanted
from shared.run.event_text import event_text
from shared.run.state_visits import visits_of_state
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World

TASK = {"Type": "Task", "Resource": FUNCTION}
TWICE = {"ErrorEquals": ["Once"], "IntervalSeconds": 600, "MaxAttempts": 2}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Tidy"}]
PIECES = {
    "Type": "Map",
    "ItemsPath": "$.items",
    "ItemProcessor": {"StartAt": "Count", "States": {"Count": {**TASK, "End": True}}},
}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


CAUGHT = machine(Pieces={**PIECES, "Catch": CATCH, "Next": "Tidy"}, Tidy={"Type": "Pass", "End": True})
FAILING = machine(Pieces={**PIECES, "End": True})


@pytest.fixture
def world():
    return World()


def events_of(execution):
    return execution.history.page(0, 100_000, reverse=False, data=True)


def index_of(events):
    index = EventIndex()
    index.take(events)
    return index


def failing(*errors):
    """A function that raises an error for each call, None for an answer, and then answers."""
    left = list(errors)

    def function(value):
        if left and (error := left.pop(0)):
            raise FunctionError(error, "it was bad")
        return value

    return function


def visits(index, state, most=99):
    return visits_of_state(index, state, most).visits


def test_pages_go_from_the_newest_event_to_the_oldest(world):
    index = index_of(events_of(world.run(CAUGHT, {"items": [1, 2, 3]})))
    first = index.page(Wanted(), 10)
    assert [row.id for row in first.rows] == list(range(len(index), len(index) - 10, -1))
    assert (first.newer, first.total) == (False, len(index))
    numbers, before = [row.id for row in first.rows], first.older
    while before is not None:
        page = index.page(Wanted(), 10, before)
        assert page.newer
        numbers += [row.id for row in page.rows]
        before = page.older
    assert numbers == list(range(len(index), 0, -1))


def test_an_older_page_stays_as_it_is_while_events_come(world):
    events = events_of(world.run(CAUGHT, {"items": [1, 2, 3]}))
    index = index_of(events[:20])
    before = index.page(Wanted(), 5, 10)
    index.take(events[20:])
    assert index.page(Wanted(), 5, 10).rows == before.rows


def test_events_are_chosen_by_type_by_state_and_by_failure(world):
    world.function = failing(None, "Bad")
    index = index_of(events_of(world.run(CAUGHT, {"items": [1, 2, 3]})))
    assert {row.kind for row in index.page(Wanted(kind="TaskStateEntered"), 99).rows} == {"TaskStateEntered"}
    of_count = index.page(Wanted(state="Count"), 99)
    assert {row.state for row in of_count.rows} == {"Count"}
    assert (of_count.matching, of_count.total) == (len(of_count.rows), len(index))
    failures = index.page(Wanted(state="Count", failures=True), 99).rows
    assert [(row.kind, row.rank) for row in failures] == [("TaskStateAborted", 2), ("LambdaFunctionFailed", 1)]
    assert index.failures == len(index.page(Wanted(failures=True), 99).rows)
    assert index.page(Wanted(kind="Nothing"), 99).rows == ()


def test_an_item_lies_in_its_map_and_the_end_of_the_run_in_no_state(world):
    index = index_of(events_of(world.run(CAUGHT, {"items": [1, 2]})))
    rows = {(row.kind, row.rank): row.state for row in index.page(Wanted(), 99).rows}
    assert rows["MapIterationStarted", 1] == "Pieces"
    assert not rows["ExecutionSucceeded", None]


def test_the_rank_of_an_input_is_taken_for_the_place_of_an_item(world):
    index = index_of(events_of(world.run(CAUGHT, {"items": [{"rank": 7}]})))
    assert {row.rank for row in index.page(Wanted(state="Count"), 99).rows} == {7}


def test_an_event_is_found_by_its_number(world):
    index = index_of(events_of(world.run(CAUGHT, {"items": []})))
    assert index.event(1)["type"] == "ExecutionStarted"
    for number in (0, len(index) + 1):
        with pytest.raises(UsageError, match="there is no event"):
            index.event(number)


def test_a_visit_has_what_the_state_got_called_and_gave(world):
    world.function = lambda value: value * 10
    (visit, *_) = visits(index_of(events_of(world.run(machine(Only={**TASK, "End": True}), 4))), "Only")
    assert (visit.input, visit.output, visit.how, visit.rank) == ("4", "40", "done", None)
    assert [(each.status, each.event, each.result) for each in visit.attempts] == [("SUCCEEDED", 4, 40)]


def test_a_state_that_was_tried_again_tells_each_attempt(world):
    world.function = failing("Once", "Once")
    (visit,) = visits(index_of(events_of(world.run(machine(Only={**TASK, "Retry": [TWICE], "End": True}), 4))), "Only")
    assert [each.status for each in visit.attempts] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert (visit.how, visit.error, visit.seconds) == ("done", "Once", 1800.0)


def test_what_waits_to_be_tried_again_goes_on(world):
    world.function = failing("Once")
    events = events_of(world.run(machine(Only={**TASK, "Retry": [TWICE], "End": True}), 4))
    failed = next(at for at, event in enumerate(events) if event["type"] == "LambdaFunctionFailed")
    (visit,) = visits(index_of(events[: failed + 1]), "Only")
    assert (visit.how, visit.seconds, visit.output) == ("running", None, None)


def test_failed_visits_come_first_and_what_was_stopped_is_no_failure(world):
    world.function = failing(None, "Bad")
    found = visits_of_state(index_of(events_of(world.run(CAUGHT, {"items": [1, 2, 3]}))), "Count", 2)
    assert [(visit.rank, visit.how, visit.error) for visit in found.visits] == [
        (1, "failed", "Bad"),
        (2, "stopped", ""),
    ]
    assert found.total == 3
    assert found.visits[1].attempts[0].status == "ABORTED"


def test_a_state_that_caught_an_error_is_done_and_names_it(world):
    world.function = failing("Bad")
    definition = machine(Only={**TASK, "Catch": CATCH, "Next": "Tidy"}, Tidy={"Type": "Pass", "End": True})
    (visit,) = visits(index_of(events_of(world.run(definition, 4))), "Only")
    assert (visit.how, visit.error) == ("done", "Bad")


def test_a_map_that_is_tried_again_has_ended_the_items_before(world):
    world.function = failing(None, "Once")
    definition = machine(Pieces={**PIECES, "Retry": [TWICE], "End": True})
    index = index_of(events_of(world.run(definition, {"items": [1, 2]})))
    assert sorted(visit.how for visit in visits(index, "Count")) == ["done", "done", "done", "failed"]


def test_an_error_of_the_engine_is_told_by_the_end_of_the_run(world):
    definition = machine(Pick={"Type": "Pass", "Parameters": {"a.$": "$.none"}, "End": True})
    (visit,) = visits(index_of(events_of(world.run(definition, {}))), "Pick")
    assert (visit.how, visit.error) == ("failed", "States.Runtime")


def test_a_redrive_goes_on_with_what_had_failed(world):
    world.function = failing(None, "Bad")
    execution = world.run(FAILING, {"items": [1, 2]})
    before = len(events_of(execution))
    execution.redrive()
    world.scheduler.run()
    events = events_of(execution)
    index = index_of(events[:before])
    assert [visit.how for visit in visits(index, "Count")] == ["failed", "done"]
    index.take(events[before:])
    found = visits(index, "Count")
    assert {visit.rank for visit in found if visit.how == "done"} == {0, 1}
    assert [each.redrive for visit in found for each in visit.attempts if each.status == "SUCCEEDED"] == [1, 0]


def test_events_that_come_one_by_one_make_the_same_index(world):
    world.function = failing(None, "Bad")
    events = events_of(world.run(CAUGHT, {"items": [1, 2, 3]}))
    slowly = EventIndex()
    for event in events:
        slowly.take([event])
    assert slowly.page(Wanted(), 99) == index_of(events).page(Wanted(), 99)
    assert visits(slowly, "Count") == visits(index_of(events), "Count")


def test_events_are_told_in_a_few_words(world):
    world.function = failing(None, "Bad")
    events = events_of(world.run(CAUGHT, {"items": [1, 2, 3]}))
    told = {event["type"]: event_text(event) for event in reversed(events)}
    assert told["MapStateStarted"] == "3 items"
    assert told["MapIterationStarted"] == "item 0"
    assert told["LambdaFunctionFailed"] == "Bad: it was bad"
    assert told["LambdaFunctionScheduled"] == FUNCTION
    assert told["ExecutionStarted"] == "input of 20 bytes"
    assert told["LambdaFunctionStarted"] == ""


def test_a_call_of_a_service_is_told_with_its_function_and_a_long_message_is_cut():
    called = {
        "resourceType": "lambda",
        "resource": "invoke",
        "parameters": '{"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"}',
    }
    assert event_text({"type": "TaskScheduled", "taskScheduledEventDetails": called}) == "lambda invoke f"
    failed = {"error": "E", "cause": "x" * 5000}
    assert len(event_text({"type": "TaskFailed", "taskFailedEventDetails": failed})) == 301
