"""Our decisions held against another program's: an IAM simulator that shares nothing with them.

Its licence (AGPL-3.0) keeps it out of the project: it runs in a process of its own, where somebody has installed it:
``npm install @cloud-copilot/iam-simulate@0.1.173`` in a folder, and LANES_IAM_SIMULATE set to that folder, or
``npm install -g`` of the same.
"""

import collections
import random
import runpy
from pathlib import Path

import pytest

from shared.iam.decision import Policies, Request, decide
from shared.iam.principals import Principal
from shared.iam.statements import read_identity_policy, read_resource_policy

ORACLE = runpy.run_path(str(Path(__file__).with_name("oracle.py")))
Case = ORACLE["Case"]
SEED = 20261129
ALLOW, DENY, NOTHING = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"


def ours(case):
    """What our ``decide`` says of *case*, in the simulator's words."""
    kind = "Service" if case.principal.endswith(".amazonaws.com") else "AWS"
    principal = Principal(case.principal, case.role, kind)
    context = {key: tuple(value) if isinstance(value, list) else (value,) for key, value in case.context.items()}
    policies = Policies(
        identity=tuple(read_identity_policy(f"lane{at}", body) for at, body in enumerate(case.identity)),
        boundary=read_identity_policy("boundary", case.boundary) if case.boundary else None,
        resource=(read_resource_policy("own", case.policy),) if case.policy else (),
    )
    decision = decide(Request(principal, case.action, case.resource, context, case.owner), policies)
    return ALLOW if decision.allowed else DENY if decision.explicit else NOTHING


def theirs(case):
    """*case* as the simulator takes it."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    organisation = {"name": "all", "policy": {"Version": "2012-10-17", "Statement": [everything]}}
    asked = {
        "request": {
            "action": case.action,
            "principal": case.principal,
            "resource": {"resource": case.resource, "accountId": case.owner},
            "contextVariables": case.context,
        },
        "identityPolicies": [{"name": f"lane{at}", "policy": body} for at, body in enumerate(case.identity)],
        "serviceControlPolicies": [{"orgIdentifier": "ou-12345", "policies": [organisation]}],
        "resourceControlPolicies": [],
    }
    if case.boundary:
        asked["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": case.boundary}]
    if case.policy:
        asked["resourcePolicy"] = case.policy
    return asked


# Differences that were looked at one by one: what they have in common, and why both are left as they are.
REASONS = {}


def reason_of(case, mine, other):
    return next((reason for reason, is_it in REASONS.items() if is_it(case, mine, other)), None)


def differences(cases, simulate):
    """The cases of which the two say other things, with both, by their reason; None is for those without one."""
    found = collections.defaultdict(list)
    for case, other in zip(cases, simulate([theirs(case) for case in cases]), strict=True):
        mine = ours(case)
        if mine != other:
            found[reason_of(case, mine, other)].append(f"{mine} here, {other} there: {case.label}")
    return found


@pytest.fixture(scope="module")
def sampler():
    documents, project = ORACLE["sample_documents"]()
    roles = ORACLE["sample_roles"](documents, project)
    return ORACLE["Sampler"](random.Random(SEED), roles, documents, project.place)


def test_three_thousand_requests_of_all_sample_roles_are_decided_alike(sampler, simulate):
    cases = [
        *(sampler.identity_case() for _ in range(2400)),
        *(sampler.trust_case() for _ in range(400)),
        *(sampler.resource_case() for _ in range(400)),
    ]
    found = differences(cases, simulate)
    assert found[None] == []
    verdicts = collections.Counter(map(ours, cases))
    assert min(verdicts[ALLOW], verdicts[NOTHING]) > 600, "a sample that hardly asks one side shows nothing"
    assert len({case.role for case in cases}) >= len(sampler._roles)  # noqa: SLF001  every role was asked for
