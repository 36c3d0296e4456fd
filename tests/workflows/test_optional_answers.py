"""A run is started, followed, gathered and shown, whatever of AWS's answers that AWS calls optional is left out."""

import copy
from datetime import UTC, datetime

import pytest

from shared.aws.access_key import AccessKey
from shared.aws.client import Aws, endpoint_session
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.plan import plan_removal
from shared.deploy.readback.lanes import deployed_documents
from shared.deploy.readback.sight import Sight
from shared.errors import LanesError
from shared.measure.billing.bill import price_run, quick_trace
from shared.run.find import find_run
from shared.run.gather import gather
from shared.run.listing import list_runs
from shared.run.logs import read_logs
from shared.run.start import new_run_id, start
from shared.run.watch import follow

pytestmark = pytest.mark.workflow

PAYLOAD = {"waitDurationSeconds": 0, "maxConcurrency": 3, "timeoutDurationSeconds": 60}


def required_alone(shape, value):
    """Return *value* less each member that *shape* does not require."""
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: required_alone(shape.members.get(name), inner)
            for name, inner in value.items()
            if name in shape.required_members or name == "ResponseMetadata"
        }
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [required_alone(shape.member, inner) for inner in value]
    return value


@pytest.fixture
def bare(aws):
    """The same cloud through clients whose every answer holds what AWS's descriptions require, and no more."""
    held = aws.session.get_credentials()

    def strip(parsed, model, **_):
        if parsed["ResponseMetadata"]["HTTPStatusCode"] < 300:
            whole = required_alone(model.output_shape, copy.deepcopy(parsed))
            parsed.clear()
            parsed.update(whole)

    session = endpoint_session(aws.place.region, AccessKey(held.access_key, held.secret_key))
    session.events.register_last("after-call", strip)
    return Aws(session, aws.target)


def finishes_or_says(act):
    """Return what came of *act*: its value, or the error whose message says what is missing."""
    try:
        return act()
    except LanesError as error:
        return error


def test_every_command_finishes_or_says_what_is_missing(aws, bare, project, lanes):
    lane = project.lane("topics")
    assert lanes("run", "topics", "item-map", "--waitDurationSeconds", "0").code == 0
    now = datetime.now(UTC)

    def run():
        begun = start(bare, lane, "item-map", PAYLOAD, new_run_id(now))
        reader = read_logs(bare, begun, now)
        *_, end = follow(bare, begun, reader)
        return gather(bare, begun, end, reader), price_run(bare, begun, reader, quick_trace(bare, begun))

    for act in (
        lambda: prepare_lane(lane, project, bare).deploy(),
        lambda: plan_removal(lane, bare),
        lambda: list(deployed_documents(lane, bare, Sight())),
        lambda: list_runs(bare, lane, 5),
        lambda: find_run(bare, lane),
        run,
    ):
        outcome = finishes_or_says(act)
        if isinstance(outcome, LanesError):
            assert "is not in the answer" in str(outcome)
