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
from tests.isolation.mutants import LEAKS, RESOURCE_LEAKS
from tests.isolation.oracle import fits

IDENTITY = ("function", "machine", "deployer")
# Fewer than six segments: AWS fills them in, the simulator does not. Another partition is another world of accounts.
NOT_ASKED = {"missing segments", "star over colons", "any partition", "models of any account"}
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


def met(statement):
    """Values that meet the conditions of *statement*. A key that must be missing gets none."""
    return {
        line.key: line.values[0] for line in statement.conditions if (line.operator, line.values) != ("Null", ("true",))
    }


def requests_of(document, boundary):
    """Every (action, resource) of a document, once on own names and once on each of two others'."""
    catalogue = load_catalogue()
    own, foreign = [], []
    for statement in read(document)[0]:
        context = met(statement)
        for action in (found for pattern in statement.actions for found in catalogue.expand(pattern)):
            for resource in statement.resources:
                if "team1-" not in resource and "team1/" not in resource:
                    continue
                concrete = resource.replace("*", "x")
                if action.name.startswith("s3:") and "arn:*:s3:::*/*" in action.arns and "/" not in concrete:
                    concrete += "/key"  # an object, where the pattern means buckets and objects both
                if not fits(action, concrete):
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
    for name, (key, edit, label, rule) in (LEAKS | RESOURCE_LEAKS).items():
        document = rendered("team1")[key]
        if rule not in REACHING or document.kind not in {DocumentKind.ROLE, DocumentKind.DEPLOYER} or name in NOT_ASKED:
            continue
        body = copy.deepcopy(dict(document.body))
        edit(body)
        asked.append(reaching_request(body, document, Territory("team1", place), label))
        names.append(name)
    assert len(names) > 80
    verdicts = dict(zip(names, simulate(asked), strict=True))
    straw = {name: verdict for name, verdict in verdicts.items() if verdict != "Allowed"}
    assert straw == {}


def reaching_request(body, document, territory, label):
    """The first request that statement *label* lets past own names: on team10's where the glob meets such."""
    catalogue = load_catalogue()
    statements, _ = read(replace(document, body=body))
    for statement in (each for each in statements if each.label == label):
        context = met(statement)
        for resource in map(complete_arn, statement.resources):
            if counterexample(territory.patterns, resource) is None:
                continue
            for pattern in statement.actions:
                for action in catalogue.expand(pattern):
                    for concrete in candidates(resource, action):
                        if not territory.holds(concrete) and fits(action, concrete):
                            return ask(action.name, concrete, body, context=context)
    raise AssertionError(f"no request reaches past own names: {body}")


def candidates(resource, action):
    """Concrete resources that the glob matches, others' first."""
    if resource == "*":
        return ["arn:aws:s3:::team10-data/x", *(found_anywhere(shape) for shape in action.arns)]
    if resource.count("*") > 2 and ":logs:" in resource:
        return ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/team10-x:log-stream:x"]
    if resource.endswith(":log-group:*"):
        return [resource[:-1] + "/aws/lambda/team10-x:log-stream:x"]
    parts = resource.replace("arn:*:", "arn:aws:").replace("?", "2").split(":", 5)
    parts[3], parts[4] = parts[3].replace("*", "eu-west-1"), parts[4].replace("*", "210987654321")
    concrete = ":".join(parts).replace("*", "0-data")
    return [concrete, f"{concrete}/key", f"{concrete}:key"]


def found_anywhere(shape):
    """A resource of the kind that a glob of the catalogue stands for."""
    _, _, service, region, account, name = shape.split(":", 5)
    place = [region.replace("*", "us-east-1"), account.replace("*", "123456789012")]
    return ":".join(["arn", "aws", service, *place, name.replace("*", "team10-x")])
