"""What AWS may leave out of its answers is missed nowhere without a word: each optional member, left out by itself.

The answers are those of a real deploy to moto, given again from memory; which members are optional is what botocore's
descriptions of the services say.
"""

import copy
import dataclasses
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.answers import IncompleteAnswerError
from shared.aws.client import Aws, endpoint_session
from shared.config.lane import Budget
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.resources import KINDS, wanted_resources
from shared.deploy.sources import read_sources
from shared.errors import LanesError
from tests.helpers.owned import owning
from tests.helpers.triggered import triggered

KEY = AccessKey("AKIAEXAMPLE", "example")
NEVER_LEFT_OUT = {"ResponseMetadata"}
LEFT_OUT_WHEN_EMPTY = {("ListQueues", ("QueueUrls",))}  # SQS tells "there are none" so, and in no other way


class Script:
    """Answers that were recorded, given again by call, less the member that a test leaves out."""

    def __init__(self, target):
        self.answers = {}
        self.models = {}
        self.gone = None
        self.target = target

    def recording(self):
        session = endpoint_session(self.target.place.region, KEY)
        session.events.register(
            "before-call", lambda model, context, params, **_: context.update(asked=(model, params))
        )
        session.events.register("response-received", self._record)
        return Aws(session, self.target)

    def replaying(self):
        session = endpoint_session(self.target.place.region, KEY)
        session.events.register("before-call", lambda model, params, **_: self._answer(model.name, _asked(params)))
        return Aws(session, self.target)

    def _record(self, response_dict, parsed_response, context, **_):
        model, params = context["asked"]
        self.models[model.name] = model
        self.answers[model.name, _asked(params)] = (response_dict["status_code"], copy.deepcopy(parsed_response))

    def _answer(self, call, asked):
        refused = (400, {"Error": {"Code": "ValidationException", "Message": f"nobody asked that: {call}"}})
        status, parsed = self.answers.get((call, asked), refused)
        parsed = copy.deepcopy(parsed)
        if self.gone and self.gone[0] == call:
            leave_out(parsed, self.gone[1])
        return SimpleNamespace(status_code=status, headers={}), parsed

    def optional(self):
        """Return (call, path) of each optional member that was in any answer."""
        found = set()
        for (call, _), (status, parsed) in self.answers.items():
            if status < 300:
                found |= {(call, path) for path in optional_members(self.models[call].output_shape, parsed)}
        return sorted(found - LEFT_OUT_WHEN_EMPTY)


def _asked(params):
    return repr((params["url"], params["query_string"], params["body"]))


def optional_members(shape, value, path=()):
    if shape is None:
        return
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name not in NEVER_LEFT_OUT and name in shape.members:
                if name not in shape.required_members:
                    yield (*path, name)
                yield from optional_members(shape.members[name], inner, (*path, name))
    elif shape.type_name == "list" and isinstance(value, list):
        for inner in value:
            yield from optional_members(shape.member, inner, path)


def leave_out(value, path):
    if isinstance(value, list):
        for inner in value:
            leave_out(inner, path)
    elif isinstance(value, dict):
        name, *rest = path
        if rest:
            leave_out(value.get(name), rest)
        else:
            value.pop(name, None)


@pytest.fixture
def whole(lane):
    budget = Budget("team2-monthly-7078ea12", 25.0, ("a@x.org",))
    workflows = {key: owning(each) for key, each in lane.workflows.items()}
    own = dataclasses.replace(lane, budget=budget, workflows=workflows, rendezvous_key="team2/rendezvous-7078ea12")
    started = triggered(own, "cosmic").workflows["cosmic"]
    return dataclasses.replace(own, workflows={"cosmic": dataclasses.replace(started, upload=None)})


@pytest.fixture
def wanted(whole, project):
    return wanted_resources(read_sources(whole, package_code(project, whole)))


@pytest.fixture
def script(whole, project, aws):
    prepare_lane(whole, project, aws).deploy()
    return Script(aws.target)


def test_an_answer_says_what_it_lacks_and_of_which_call(aws):
    aws.iam.create_role(RoleName="somebody", AssumeRolePolicyDocument="{}")
    answer = aws.iam.list_roles()
    assert answer["Roles"][0]["RoleName"] == "somebody"
    assert answer["Roles"][0].get("PermissionsBoundary") is None
    for read in (
        lambda: aws.iam.get_role(RoleName="somebody")["Role"]["PermissionsBoundary"],
        lambda: next(iter(aws.iam.get_paginator("list_roles").paginate()))["Roles"][0]["PermissionsBoundary"],
        lambda: answer["Users"],
    ):
        with pytest.raises(
            IncompleteAnswerError, match=r"(Role|Roles)\.(PermissionsBoundary|Users) is not in the answer"
        ):
            read()


def look(kind, wanted, cloud):
    """Return what a second deploy would do to what is *wanted* of a kind, and which names of it there are."""
    found = {name: kind.current(cloud, name) for name in sorted(kind.names(cloud, "team2"))}
    steps = [kind.steps(want, found.get(want.name)) for want in wanted if want.kind == kind.KIND]
    return [step.action for step in steps], [name for name, have in found.items() if have]


# A bucket that tells nothing is one whose answer has no such member; and moto would call the function of a mapping.
ELSEWHERE = ("database", "repository", "bucket notification", "event source mapping")


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.KIND not in ELSEWHERE])
def test_no_optional_member_is_missed_without_a_word(kind, whole, wanted, script):
    usual = look(kind, wanted, script.recording())
    assert set(usual[0]) == {"nothing"}
    assert look(kind, wanted, script.replaying()) == usual
    cloud, silent = script.replaying(), []
    for call, path in script.optional():
        script.gone = call, path
        try:
            actions, names = look(kind, wanted, cloud)
        except IncompleteAnswerError as error:
            if not error.what.startswith(f"{'.'.join((call, *path))} is not in the answer"):
                silent.append((call, path, error.what))
        except (LanesError, ClientError):
            pass  # such as: what carries no tags is not ours
        else:
            if not set(actions) <= {"nothing", "update"} or names != usual[1]:
                silent.append((call, path, actions, names))
    assert silent == []
