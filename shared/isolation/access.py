"""How the people whom a team's file lets in become its deployer: what is done once, and what they type."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.isolation.roles.deployer import AUDIENCE, GITHUB
from shared.isolation.roles.policy import Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.access import Workflows
    from shared.config.lane import Lane
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: who may, and the steps, lines of text each."""

    who: str
    steps: tuple[str, ...]

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {**asdict(self), "steps": list(self.steps)}


def ways_in(lane: Lane) -> tuple[Way, ...]:
    """Return who may take the role of *lane*'s people, and how."""
    return tuple(_ways(lane))


def take_role_policy(lane: Lane) -> Policy:
    """Return the policy that lets whoever has it take the deployer's role of *lane*: the trust alone does not."""
    return Policy((Statement("Deploy", ("sts:AssumeRole",), (lane.role_arn(lane.deployer),)),))


def _ways(lane: Lane) -> Iterator[Way]:
    team = lane.team
    prefix = name_prefix(team)
    policy = json.dumps(take_role_policy(lane).document())
    yield Way(f"IAM users and roles of the team's own, called {prefix}...", _as_user(lane, f"{prefix}ann", policy))
    for user in lane.access.users:
        yield Way(f"IAM user {user}", _as_user(lane, user, policy))
    for each in lane.access.permission_sets:
        steps = (
            "once, by who runs Identity Center: the permission set's inline policy gets",
            policy,
            "then: aws configure sso --profile PROFILE",
            f"      aws sso login --profile PROFILE && lanes deploy {team} --aws --profile PROFILE --as deployer",
        )
        yield Way(f"whoever has the permission set {each} of IAM Identity Center", steps)
    for workflows in lane.access.github:
        yield Way(f"GitHub Actions: {_which(workflows)}", _as_workflow(lane, workflows))


def _as_user(lane: Lane, user: str, policy: str) -> tuple[str, ...]:
    name = user.rpartition("/")[2]
    return (
        "once, by who administers the account:",
        f"aws iam put-user-policy --user-name {name} --policy-name {lane.deployer} --policy-document '{policy}'",
        f"then: lanes deploy {lane.team} --aws --profile PROFILE --as deployer",
    )


def _as_workflow(lane: Lane, workflows: Workflows) -> tuple[str, ...]:
    named: tuple[str, ...] = ()
    guard: tuple[str, ...] = ()
    if workflows.environment:
        named = (f"    environment: {workflows.environment}",)
        guard = (
            f"once in {workflows.repository}, Settings, Environments, {workflows.environment}:",
            "Deployment branches and tags, Selected, main",
            "(without it each branch and pull request of the repository that names the environment is let in)",
        )
    return (
        "once in the account, by who administers it:",
        f"aws iam create-open-id-connect-provider --url https://{GITHUB} --client-id-list {AUDIENCE}",
        *guard,
        "then, in the workflow's job:",
        *named,
        "    permissions: {id-token: write, contents: read}",
        "    steps:",
        "      - uses: aws-actions/configure-aws-credentials@v5",
        f"        with: {{role-to-assume: '{lane.role_arn(lane.deployer)}', aws-region: {lane.place.region}}}",
        f"      - run: lanes deploy {lane.team} --aws --yes",
    )


def _which(workflows: Workflows) -> str:
    if workflows.environment:
        return f"{workflows.repository}, jobs in the environment {workflows.environment}"
    return f"{workflows.repository}, on the branch {workflows.branch}"
