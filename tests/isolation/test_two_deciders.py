"""Our decisions held against another program's: an IAM simulator that shares nothing with them.

Its licence (AGPL-3.0) keeps it out of the project: it runs in a process of its own, where somebody has installed it:
``npm install @cloud-copilot/iam-simulate@0.1.173`` in a folder, and LANES_IAM_SIMULATE set to that folder, or
``npm install -g`` of the same.
"""

import collections
import json
import random
import sys
from dataclasses import replace

import pytest

from shared.iam.decision import Policies, Request, decide
from shared.iam.principals import Principal
from shared.iam.statements import read_identity_policy, read_resource_policy
from tests.isolation import by_hand, oracle

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
            "contextVariables": {**oracle.told_of(case.principal, case.role), **case.context},
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


def without_variables(case):
    """*case* with variables turned into text in policies of the older version, which knows no variables."""

    def plain(body):
        if body is None or body["Version"] != "2008-10-17":
            return body
        return json.loads(json.dumps(body).replace("${", "TEXT{"))

    return replace(
        case,
        identity=tuple(map(plain, case.identity)),
        boundary=plain(case.boundary),
        policy=plain(case.policy),
    )


# The differences that were looked at: why they are there, and the case as the simulator must be told it to agree.
REASONS = {
    "to a policy of version 2008-10-17 a variable is text (IAM's reference of Version); the simulator fills it in": (
        without_variables
    ),
}


def differences(cases, simulate):
    """Each difference in a sentence, by its reason; None has those without a reason."""
    mine = list(map(ours, cases))
    differing = [
        (case, own, other)
        for case, own, other in zip(cases, mine, simulate(list(map(theirs, cases))), strict=True)
        if own != other
    ]
    found = {reason: [] for reason in (None, *REASONS)}
    retold = {
        reason: simulate([theirs(retell(case)) for case, _, _ in differing]) for reason, retell in REASONS.items()
    }
    for at, (case, own, other) in enumerate(differing):
        reason = next((each for each in REASONS if retold[each][at] == own), None)
        found[reason].append(f"{own} here, {other} there: {case.label}")
    return found


def tell(cases, found):
    """Print what was compared; pytest shows it with -rP."""
    verdicts = collections.Counter(map(ours, cases))
    told = [f"{len(cases)} requests, {dict(verdicts)}"]
    for reason, lines in found.items():
        told += [f"{len(lines)} differences: {reason or 'without a reason'}", *(f"  {line}" for line in lines)]
    sys.stdout.write("\n".join(told) + "\n")


@pytest.fixture(scope="module")
def sampler():
    documents, project = oracle.sample_documents()
    roles = oracle.sample_roles(documents, project)
    return oracle.Sampler(random.Random(SEED), roles, documents, project.place)


def test_three_thousand_requests_of_all_sample_roles_are_decided_alike(sampler, simulate):
    cases = [
        *(sampler.identity_case() for _ in range(2400)),
        *(sampler.trust_case() for _ in range(400)),
        *(sampler.resource_case() for _ in range(400)),
    ]
    found = differences(cases, simulate)
    tell(cases, found)
    assert found[None] == []
    verdicts = collections.Counter(map(ours, cases))
    assert min(verdicts[ALLOW], verdicts[DENY], verdicts[NOTHING]) > 100, "a sample of one side shows nothing"
    assert {role.arn for role in sampler.roles} <= {case.role for case in cases}


def test_policies_put_together_by_chance_are_decided_alike(simulate):
    rng = random.Random(SEED)
    cases = [by_hand.case(rng) for _ in range(3000)]
    found = differences(cases, simulate)
    tell(cases, found)
    assert found[None] == []
    verdicts = collections.Counter(map(ours, cases))
    assert min(verdicts[ALLOW], verdicts[DENY], verdicts[NOTHING]) > 100, "a sample of one side shows nothing"


def test_every_family_of_conditions_decides_some_request():
    """A condition that changes no answer is compared for nothing. Each kind, when left out, changes one."""
    rng = random.Random(SEED)
    cases = [by_hand.case(rng) for _ in range(6000)]
    families = {
        operator.rpartition(":")[2].removesuffix("IfExists") for each in by_hand.CONDITIONS for operator in each
    }
    mattered = set()
    for case in cases:
        bare = replace(case, identity=tuple(map(unconditional, case.identity)))
        if bare.identity != case.identity and ours(bare) != ours(case):
            mattered |= {
                operator.rpartition(":")[2].removesuffix("IfExists")
                for body in case.identity
                for statement in body["Statement"]
                for operator in statement.get("Condition", {})
            }
    assert families - mattered == set()


def unconditional(body):
    statements = [{key: each for key, each in one.items() if key != "Condition"} for one in body["Statement"]]
    return {**body, "Statement": statements}
