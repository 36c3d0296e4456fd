"""Requests of roles, sampled from a seed: what two deciders are both asked.

The roles are those of the sample lanes, and of one lane that uses all there is.

Of each role the actions are those that its own policies and its boundary speak of, and hostile ones besides; the
resources are its own, the other lanes', names that begin alike, other accounts', regions' and partitions'; the
condition keys are those that any statement about the action asks for, met, missed or left out.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.config.load import load_project
from shared.config.platform import rendezvous_service
from shared.deploy.documents import lane_documents, service_documents
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.roles.platform_role import platform_policy
from shared.isolation.roles.rendezvous_role import rendezvous_policy
from shared.isolation.roles.resources_role import resources_policy
from tests.isolation.conftest import make_lane, render

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "s3:GetObject",
    "s3:PutBucketPolicy",
    "s3:DeleteBucket",
    "s3:ListAllMyBuckets",
    "lambda:UpdateFunctionCode",
    "lambda:AddPermission",
    "lambda:InvokeFunction",
    "states:StartExecution",
    "states:SendTaskSuccess",
    "iam:PassRole",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePermissionsBoundary",
    "secretsmanager:GetSecretValue",
    "dynamodb:Scan",
    "logs:DeleteLogGroup",
    "events:PutTargets",
    "ecr:PutImage",
    "ec2:RunInstances",
    "kms:Decrypt",
    "sts:AssumeRole",
)
OTHER_ACCOUNT = "210987654321"


@dataclass(frozen=True)
class Role:
    """A role with its documents."""

    name: str
    arn: str
    team: str
    identity: tuple[dict[str, Any], ...]
    boundary: dict[str, Any] | None


@dataclass(frozen=True)
class Case:
    """One request with all that there is to decide by."""

    principal: str  # an ARN, or a service's name
    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)
    identity: tuple[dict[str, Any], ...] = ()
    boundary: dict[str, Any] | None = None
    policy: dict[str, Any] | None = None  # the resource's
    role: str = ""  # the ARN of the role that the principal is a session of
    owner: str = ""

    @property
    def label(self):
        return f"{self.principal} {self.action} on {self.resource} with {self.context}"


def sample_documents():
    """Every document of the sample lanes, of one that uses all there is, and of the rendezvous; and the project."""
    project = load_project(ROOT)
    documents = [document for lane in project.teams.values() for document in lane_documents(lane)]
    everything = render(make_lane("lab")).values()
    return [*documents, *everything, *service_documents(rendezvous_service(project))], project


def sample_roles(documents, project):
    """Every role that the documents speak of, and the platform's with each of its policies."""
    boundaries = {document.attached: document.body for document in documents if document.kind is DocumentKind.BOUNDARY}
    roles = {}
    for document in documents:
        if document.kind in {DocumentKind.ROLE, DocumentKind.DEPLOYER}:
            roles.setdefault(document.attached, []).append(document)
    made = [
        Role(
            found[0].name,
            arn,
            found[0].team,
            tuple(document.body for document in found),
            boundaries.get(found[0].under),
        )
        for arn, found in roles.items()
    ]
    account = project.place.account
    service = rendezvous_service(project)
    made_of = (platform_policy(project.place), resources_policy(project.place), rendezvous_policy(service))
    platform = tuple(each.document() for each in made_of)
    return [*made, Role("platform", f"arn:aws:iam::{account}:role/platform", "platform", platform, None)]


class Sampler:
    """Draws cases.

    Args:
        random: Where chance comes from.
        roles: Whose requests.
        documents: All documents, whose resources are the world.
        place: The account and region.
    """

    def __init__(self, random, roles, documents, place):
        self._random = random
        self.roles = roles
        self._documents = documents
        self._place = place
        self._catalogue = load_catalogue()
        self._teams = sorted({role.team for role in roles})
        everything = [*(body for role in roles for body in role.identity), *(document.body for document in documents)]
        self._patterns = sorted({each for body in everything for each in resources_in(body) if each != "*"})

    def identity_case(self):
        """A role asks."""
        role = self._random.choice(self.roles)
        action = self._action(role)
        resource = self._resource(action, role)
        context = self._context(action, [*role.identity, *([role.boundary] if role.boundary else [])])
        return Case(
            session_of(role.arn),
            action.name,
            resource,
            context,
            role.identity,
            role.boundary,
            role=role.arn,
            owner=self._place.account,
        )

    def trust_case(self):
        """A service, a role, a user or a stranger asks to take a role."""
        document = self._random.choice([each for each in self._documents if each.kind is DocumentKind.TRUST])
        caller = self._random.choice(self.roles)
        context = self._context(self._catalogue.expand("sts:AssumeRole")[0], [document.body])
        service = self._random.choice(("lambda", "states", "ecs-tasks", "scheduler", "events"))
        kind = self._random.randrange(3)
        own = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        grant = {"Version": "2012-10-17", "Statement": [own]}
        if kind == 0:
            return Case(
                f"{service}.amazonaws.com",
                "sts:AssumeRole",
                document.attached,
                context,
                policy=document.body,
                owner=self._place.account,
            )
        account = self._place.account if kind == 1 else OTHER_ACCOUNT
        arn = re.sub(r"::\d+:", f"::{account}:", caller.arn)
        return Case(
            session_of(arn),
            "sts:AssumeRole",
            document.attached,
            context,
            (grant,),
            policy=document.body,
            role=arn,
            owner=self._place.account,
        )

    def resource_case(self):
        """A role asks for a thing that has a policy of its own."""
        kinds = {DocumentKind.BUCKET, DocumentKind.REPOSITORY}
        document = self._random.choice([each for each in self._documents if each.kind in kinds and each.body])
        role = self._random.choice(self.roles)
        pattern = "s3:*Object" if document.kind is DocumentKind.BUCKET else "ecr:*Image"
        action = self._random.choice(self._catalogue.expand(pattern))
        of_bucket = document.kind is DocumentKind.BUCKET
        resource = document.attached + ("/key" if of_bucket else "")
        if not fits(action, resource):
            action = self._catalogue.expand("s3:GetObject" if of_bucket else "ecr:BatchGetImage")[0]
        foreign = self._random.random() < 0.2
        arn = re.sub(r"::\d+:", f"::{OTHER_ACCOUNT}:", role.arn) if foreign else role.arn
        context = self._context(action, [document.body, *role.identity])
        return Case(
            session_of(arn),
            action.name,
            resource,
            context,
            role.identity,
            None if foreign else role.boundary,
            policy=document.body,
            role=arn,
            owner=self._place.account,
        )

    def _action(self, role):
        spoken = [each for body in (*role.identity, role.boundary or {}) for each in actions_in(body)]
        pattern = self._random.choice(spoken) if self._random.random() < 0.75 else self._random.choice(HOSTILE)
        return self._random.choice(self._catalogue.expand(pattern) or self._catalogue.expand("s3:GetObject"))

    def _resource(self, action, role):
        if not action.arns:
            return "*"
        fitting = [each for each in map(self._concrete, self._patterns) if fits(action, each)]
        own = [each for each in fitting if role.team in each]
        if self._random.random() < 0.45 and own:
            return self._random.choice(own)
        made = self._random.choice(fitting) if fitting else self._concrete(self._random.choice(action.arns))
        return self._twisted(made, action)

    def _concrete(self, pattern):
        """A resource that the pattern matches."""
        filled = pattern.replace("arn:*:", "arn:aws:").replace("??????", "a1B2c3").replace("?", "x")
        parts = filled.split(":", 5)
        if len(parts) > 5:
            parts[3] = parts[3].replace("*", self._place.region)
            parts[4] = parts[4].replace("*", self._place.account)
            filled = ":".join(parts)
        return filled.replace("*", self._random.choice(("x", "data", "a-b", "0")))

    def _twisted(self, resource, action):
        """*resource* under a wrong name, by malice or mistake; unchanged where the action takes no such resource."""
        team = self._random.choice(self._teams)
        other = self._random.choice(self._teams)
        twist = self._random.choice(
            (
                lambda it: it,
                lambda it: it.replace(f"{team}-", f"{other}-").replace(f"{team}/", f"{other}/"),
                lambda it: it.replace(f"{team}-", f"{team}0-").replace(f"{team}/", f"{team}0/"),
                lambda it: it.replace(f"{team}-", f"{team}"),
                lambda it: it.replace(f"{team}-", f"x{team}-"),
                lambda it: it.replace(f"{team}-", f"{team.upper()}-"),
                lambda it: it.replace(self._place.account, OTHER_ACCOUNT),
                lambda it: it.replace(self._place.region, "eu-west-1"),
                lambda it: it.replace("arn:aws:", "arn:aws-cn:"),
                lambda it: f"{it}x",
                lambda it: f"{it}/{team}-x",
            )
        )
        twisted = twist(resource)
        return twisted if fits(action, twisted) else resource

    def _context(self, action, bodies):
        """Values for the keys that statements about *action* ask for, of those that the action or every request has."""
        context = {}
        for key, values in conditions_in(bodies, action.name):
            folded = key.lower()
            known = folded in action.condition_keys or any(
                "/" in folded and each.startswith(folded.partition("/")[0] + "/") for each in action.condition_keys
            )
            if not known and not folded.startswith(
                ("aws:source", "aws:secure", "aws:principal", "aws:user", "lambda:source")
            ):
                continue
            if folded.startswith("aws:principal"):
                continue  # the caller is known, and tells it
            choice = self._random.random()
            if choice < 0.55:
                context[key] = self._concrete(self._random.choice(values))
            elif choice < 0.8:
                context[key] = "false" if values[0] in {"true", "false"} else "other"
        return context


def fits(action, resource):
    """Whether a resource is of a kind that the action takes; the catalogue's ``*`` of a bucket would take objects."""
    service, name = resource.split(":")[2], resource.rpartition(":::")[2]
    buckets_only = service == "s3" and "/" in name and "arn:*:s3:::*/*" not in action.arns
    no_name = service in {"sqs", "sns"} and "/" in name  # the simulator knows that no queue or topic is called so
    return action.can_touch(resource) and not buckets_only and not no_name


def told_of(principal, role):
    """The condition keys that AWS gives a request for its caller (IAM User Guide, "Global condition context keys")."""
    if principal.endswith(".amazonaws.com"):
        return {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal}
    user = {} if role else {"aws:username": principal.rpartition("/")[2]}
    return {
        **user,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalArn": role or principal,
        "aws:PrincipalAccount": principal.split(":")[4],
        "aws:PrincipalType": "AssumedRole" if role else "User",
    }


def session_of(arn):
    """The ARN of a session of a role."""
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/session"


def statements_in(body):
    found = body.get("Statement", [])
    return [found] if isinstance(found, dict) else found


def listed(value):
    return value if isinstance(value, list) else [value]


def resources_in(body):
    return [each for statement in statements_in(body) for each in listed(statement.get("Resource", []))]


def actions_in(body):
    return [each for statement in statements_in(body) for each in listed(statement.get("Action", []))]


def conditions_in(bodies, action):
    """(key, values) of each condition in a statement whose actions meet *action*."""
    for body in bodies:
        for statement in statements_in(body):
            patterns = [re.escape(each).replace(r"\*", ".*") for each in listed(statement.get("Action", []))]
            if any(re.fullmatch(pattern, action, re.IGNORECASE) for pattern in patterns):
                for block in statement.get("Condition", {}).values():
                    yield from ((key, listed(values)) for key, values in block.items())
