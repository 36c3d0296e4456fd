"""The deployment of the ledger of prepaid lanes, and what a lane's deploy does for it.

The ledger is the platform's and belongs to no lane: a table, a function, its role. The deploy of a prepaid lane makes
it where it is missing, and grants the lane the sum in its team's file. Nothing removes it, nor an account: a lane that
is destroyed and made again goes on with what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.config.ledger import ledger_service
from shared.config.ledger_name import LEDGER
from shared.deploy.apply import apply
from shared.deploy.caller import is_deployer
from shared.deploy.chalice.deployer import with_chalice
from shared.deploy.code import package_code
from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.model import Plan, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.resources import KINDS, function, log_group, policy, role, table
from shared.deploy.watch import UNWATCHED, Watch
from shared.handlers.ledger.account import Ledger
from shared.handlers.ledger.prices import dollars, nano
from shared.isolation.roles.function_role import function_trust
from shared.isolation.roles.ledger_role import ledger_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.ledger import LedgerService
    from shared.config.load import Project
    from shared.deploy.model import Resource
    from shared.deploy.watch import RunRoutine
    from shared.handlers.ledger.account import Account
    from shared.packages.package import Package
    from shared.values import Json

KIND, ACCOUNT_KIND = "ledger", "prepaid sum"
MAKE, GRANT = "make ledger", "grant prepaid sum"


def open_ledger(service: LedgerService, aws: Aws) -> Ledger:
    """Return the accounts in the table of *service*."""
    return Ledger(aws.client("dynamodb"), service.table.name)


def account_of(service: LedgerService, aws: Aws, team: str) -> Account | None:
    """Return the account of *team*'s lane; None where there is none, or no ledger."""
    return if_there(lambda: open_ledger(service, aws).account(team), "ResourceNotFoundException")


def with_ledger(todo: Plan, lane: Lane, project: Project, aws: Aws) -> Plan:
    """Return *todo*, the plan of *lane*, with what its being prepaid takes before all else.

    A team's deployer may do nothing of it, and makes nothing of a prepaid lane.
    """
    if lane.prepaid is None or is_deployer(lane, aws):
        return todo
    service = ledger_service(project)
    own = LedgerDeployment(service, project, aws).plan().changes
    diff = tuple(map(str, own))
    action: Step = (
        Step("create" if all(each.action == "create" for each in own) else "update", KIND, service.table.name, diff)
        if own
        else Step("nothing", KIND, service.table.name)
    )
    action = replace(action, calls=(Routine(MAKE, {}),)) if own else action
    return replace(todo, steps=(action, _grant(service, lane, lane.prepaid.usd, aws), *todo.steps))


def ledger_routines(project: Project, aws: Aws) -> Mapping[str, RunRoutine]:
    """Return the routines of the steps of :func:`with_ledger`, by their names."""

    def make(_aws: Aws, _params: Mapping[str, Json], watch: Watch) -> None:
        own = LedgerDeployment(ledger_service(project), project, aws)
        own.carry_out(own.plan(), Watch(on_wait=watch.on_wait, sleep=watch.sleep))

    def grant(_aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
        ledger = open_ledger(ledger_service(project), aws)
        ledger.grant_file(str(params["lane"]), int(str(params["amount"])), aws.caller)

    return {MAKE: make, GRANT: grant}


def _grant(service: LedgerService, lane: Lane, usd: float, aws: Aws) -> Step:
    amount, have = nano(usd), account_of(service, aws, lane.team)
    if have and have.from_file == amount:
        return Step("nothing", ACCOUNT_KIND, lane.team)
    call = Routine(GRANT, {"lane": lane.team, "amount": amount})
    if have is None:
        return Step("create", ACCOUNT_KIND, lane.team, (f"granted: {dollars(amount)}",), (call,))
    diff = f"granted by the team's file: {dollars(have.from_file)} -> {dollars(amount)}"
    return Step("update", ACCOUNT_KIND, lane.team, (diff,), (call,))


@dataclass(slots=True)
class LedgerDeployment:
    """What is deployed of the ledger, and where."""

    service: LedgerService
    project: Project
    aws: Aws

    def plan(self) -> Plan:
        """Return what a deploy would do. Reads AWS, changes nothing.

        Raises:
            OwnershipError: A name belongs to somebody else.
        """
        lane = self.service.lane
        steps: list[Step] = []
        for want in wanted(self.service, self._packages()[""]):
            have = KINDS[want.kind].current(self.aws, want.name)
            check_ownership([have] if have else [], lane_tags(lane))
            steps.append(KINDS[want.kind].steps(want, have))
        return Plan(lane.team, lane.place.stage, tuple(steps), lane_tags(lane))

    def carry_out(self, todo: Plan, watch: Watch = UNWATCHED) -> None:
        """Carry out *todo*, a plan of this deployment.

        Raises:
            ApplyError: A step failed; running again finishes the job.
        """
        apply(todo, self.aws, watch, routines=with_chalice(self.service.lane, self.project, self._packages()))

    def _packages(self) -> Mapping[str, Package]:
        return package_code(self.project, self.service.lane)


def wanted(service: LedgerService, package: Package) -> Iterator[Resource]:
    """Yield what the ledger is made of, in the order in which it is made."""
    lane = service.lane
    tags, own = lane_tags(lane), lane.functions[LEDGER]
    grants = ledger_policy(lane.place, service.table.name, own.log_group)
    yield log_group.desired(own.log_group, lane.place, tags, lane.log_retention_days)
    yield policy.desired(lane.boundary, lane.place, tags, grants)
    yield role.desired(own.role, tags, function_trust(), grants, lane.boundary_arn)
    yield table.desired(lane, service.table, tags)
    yield function.desired(lane, own, package, tags)
