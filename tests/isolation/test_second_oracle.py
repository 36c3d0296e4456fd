"""A second opinion: an IAM simulator that shares nothing with our proof judges single requests.

Its licence (AGPL-3.0) keeps it out of the project: it runs in a process of its own, when somebody has installed it:
``npm install @cloud-copilot/iam-simulate@0.1.173`` in a folder, and LANES_IAM_SIMULATE set to that folder.
"""

import copy
from dataclasses import replace

import pytest

from shared.iam.catalogue import load_catalogue
from shared.iam.globs import complete_arn, counterexample
from shared.isolation.proof.documents.document import DocumentKind, read
from shared.isolation.proof.names.territory import Territory
from tests.isolation.mutants import LEAKS

IDENTITY = ("function", "machine", "deployer")
# Fewer than six segments: AWS fills them in, the simulator does not. Another partition is another world of accounts.
NOT_ASKED = {"missing segments", "star over colons", "any partition"}
REACHING = {"foreign-name", "every-resource", "open-place"}


def ask(action, resource, body, boundary=None, context=None):
    """One request of team1's role, as the simulator wants it."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    organisation = {"name": "all", "policy": {"Version": "2012-10-17", "Statement": [everything]}}
    request = {
        "request": {
            "action": action,
            "principal": "arn:aws:iam::123456789012:role/team1-any-0a1b2c3d",
            "resource": {"resource": resource, "accountId": "123456789012"},
            "contextVariables": context or {},
        },
        "identityPolicies": [{"name": "lane", "policy": body}],
        "serviceControlPolicies": [{"orgIdentifier": "ou-12345", "policies": [organisation]}],
        "resourceControlPolicies": [],
    }
    if boundary:
        request["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": boundary}]
    return request


def requests_of(document, boundary):
    """Every (action, resource) of a document, once on own names and once on each of two others'."""
    catalogue = load_catalogue()
    own, foreign = [], []
    for statement in read(document)[0]:
        context = {line.key: line.values[0] for line in statement.conditions}
        for action in (found for pattern in statement.actions for found in catalogue.expand(pattern)):
            for resource in statement.resources:
                if "team1-" not in resource and "team1/" not in resource:
                    continue
                concrete = resource.replace("*", "x")
                if action.name.startswith("s3:") and "arn:*:s3:::*/*" in action.arns and "/" not in concrete:
                    concrete += "/key"  # an object, where the pattern means buckets and objects both
                if not action.can_touch(concrete):
                    continue
                own.append(ask(action.name, concrete, document.body, boundary, context))
                for other in ("team10", "wssr"):
                    theirs = concrete.replace("team1-", f"{other}-").replace("team1/", f"{other}/")
                    foreign.append(ask(action.name, theirs, document.body, boundary, context))
    return own, foreign


@pytest.mark.parametrize("key", IDENTITY)
def test_own_names_are_allowed_and_all_others_denied(key, rendered, simulate):
    documents = rendered("team1")
    boundary = None if key == "deployer" else documents["boundary"].body
    own, foreign = requests_of(documents[key], boundary)
    assert len(foreign) == 2 * len(own) > 5
    for wanted, asked in (("Allowed", own), ("ImplicitlyDenied", foreign)):
        verdicts = simulate(asked)
        wrong = [
            (each["request"]["action"], each["request"]["resource"]["resource"], verdict)
            for each, verdict in zip(asked, verdicts, strict=True)
            if verdict != wanted
        ]
        assert wrong == []


def test_the_seeded_leaks_are_leaks(rendered, place, simulate):
    """What the proof says is reached, the simulator lets through; else our leaks would be straw men."""
    asked, names = [], []
    for name, (key, edit, _, rule) in LEAKS.items():
        document = rendered("team1")[key]
        if rule not in REACHING or document.kind not in {DocumentKind.ROLE, DocumentKind.DEPLOYER} or name in NOT_ASKED:
            continue
        body = copy.deepcopy(dict(document.body))
        edit(body)
        asked.append(reaching_request(body, document, Territory("team1", place)))
        names.append(name)
    assert len(names) > 20
    verdicts = dict(zip(names, simulate(asked), strict=True))
    straw = {name: verdict for name, verdict in verdicts.items() if verdict != "Allowed"}
    assert straw == {}


def reaching_request(body, document, territory):
    """The first request that *body* lets past own names: on a resource of team10 where the glob meets one."""
    catalogue = load_catalogue()
    statements, _ = read(replace(document, body=body))
    for statement in statements:
        for resource in map(complete_arn, statement.resources):
            if resource.startswith("arn:aws:events") and not resource.endswith("*"):
                continue  # the reviewed rule of nested executions
            if counterexample(territory.patterns, resource) is None:
                continue
            for pattern in statement.actions:
                for action in catalogue.expand(pattern):
                    for concrete in candidates(resource):
                        if not territory.holds(concrete) and action.can_touch(concrete):
                            return ask(action.name, concrete, body)
    raise AssertionError(f"no request reaches past own names: {body}")


def candidates(resource):
    """Concrete resources that the glob matches, others' first."""
    if resource == "*":
        return ["arn:aws:s3:::team10-data/x", "arn:aws:lambda:us-east-1:123456789012:function:team10-x"]
    if resource.count("*") > 2 and ":logs:" in resource:
        return ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/team10-x:log-stream:x"]
    if resource.endswith(":log-group:*"):
        return [resource[:-1] + "/aws/lambda/team10-x:log-stream:x"]
    filled = resource.replace("arn:*:", "arn:aws:").replace("lambda:*:", "lambda:eu-west-1:")
    filled = filled.replace("us-east-1:*:function", "us-east-1:210987654321:function").replace("?", "2")
    concrete = filled.replace("*", "0-data")
    return [concrete, f"{concrete}/key", f"{concrete}:key"]
