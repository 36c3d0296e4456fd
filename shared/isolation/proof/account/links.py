"""What ties a team to others without an IAM document: EventBridge rules, and the groups that state machines log into.

A rule on the default event bus sees every team's events, Step Functions' with input and output among them. So a team's
own rules belong on a bus of its own, or their pattern holds to own names what tells whose an event is. A state machine
may log into any group that log delivery may write to, so where it logs is looked at, machine by machine.
Source: EventBridge user guide, "Events from AWS services" and "event patterns"; Step Functions developer guide,
"Automating Step Functions event delivery with EventBridge" and "Using CloudWatch Logs" (November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.isolation.proof.names.territory import Territory

DEFAULT_BUS = "default"
_STATES = "aws.states"
# Where an event says whose it is, and what stands before the value in an ARN.
_TELLING = {
    ("detail", "stateMachineArn"): "",
    ("detail", "executionArn"): "",
    ("detail", "bucket", "name"): "arn:{partition}:s3:::",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One EventBridge rule.

    Args:
        arn: The rule's ARN.
        bus: The name or ARN of the bus it listens on.
        pattern: Which events it takes, None when it runs on a schedule alone.
        targets: (what it calls or writes to, the role it does so under or ""), ARNs.
        managed_by: The AWS service that made it and alone may change it, or "".
    """

    arn: str
    bus: str
    pattern: Mapping[str, Any] | None = field(hash=False)
    targets: tuple[tuple[str, str], ...]
    managed_by: str = ""

    @property
    def title(self) -> str:
        """How a reader finds it."""
        return f"event rule {self.arn.partition(':rule/')[2]} on bus {self.bus.rpartition('event-bus/')[2]}"

    @property
    def operator(self) -> str:
        """How shared/settings.yaml names who answers for it: ``rule/audit``."""
        return f"rule/{self.arn.rpartition('/')[2]}"

    @property
    def on_default(self) -> bool:
        """Whether it listens where AWS's services put their events."""
        return self.bus.rpartition("event-bus/")[2] == DEFAULT_BUS


@dataclass(frozen=True, slots=True)
class Logging:
    """Where the state machine *arn* logs: ARNs of log groups, as Step Functions spells them, with ``:*`` at the end."""

    arn: str
    groups: tuple[str, ...]

    @property
    def title(self) -> str:
        """How a reader finds it."""
        return f"logging of state machine {self.arn.rpartition(':')[2]}"

    @property
    def operator(self) -> str:
        """Nobody answers for a machine that writes into a team's logs."""
        return ""


Link = Rule | Logging


def judge_links(links: Sequence[Link], territories: Sequence[Territory]) -> Iterator[tuple[Finding, str]]:
    """Yield what is wrong with *links*: those of each team, and others' that touch a team's names.

    With each comes who could answer for it, as shared/settings.yaml names operators: ``rule/audit``, or "" where it is
    a team's own.
    """
    for link in links:
        owner = next((each for each in territories if each.holds(link.arn)), None)
        if isinstance(link, Logging):
            found = _own_logging(link, owner) if owner else _others_logging(link, territories)
        elif owner:
            found = _own_rule(link, owner)
        else:
            found = iter(()) if link.managed_by else _others_rule(link, territories)
        for finding in found:
            yield finding, "" if owner else link.operator


def _own_rule(rule: Rule, territory: Territory) -> Iterator[Finding]:
    slug = territory.slug
    if rule.pattern is not None and rule.on_default and not _confined(rule.pattern, territory):
        why = "its pattern sees every team's events on the default bus, executions' input and output among them"
        machines = territory.place.arn("states", f"stateMachine:{slug}-")
        fix = (
            f"make it on a bus of the team's own ({slug}-...), or name own state machines in its pattern: "
            f'"detail": {{"stateMachineArn": [{{"prefix": "{machines}"}}]}}'
        )
        yield _finding(rule, territory, "default-bus", why=why, fix=fix)
    for target, role in rule.targets:
        for arn in filter(None, (target, role)):
            if not territory.holds(arn):
                why = "it hands the team's events to what is not the team's own"
                yield _finding(
                    rule, territory, "foreign-target", why=why, fix=f"aim it at what is called {slug}-...", resource=arn
                )


def _others_rule(rule: Rule, territories: Sequence[Territory]) -> Iterator[Finding]:
    name = rule.arn.rpartition("/")[2]
    for territory in territories:
        for arn in dict.fromkeys(arn for pair in rule.targets for arn in pair if arn and territory.holds(arn)):
            why = f"a rule that is not {territory.slug}'s own calls, or acts as, what is"
            fix = f"aws events remove-targets --rule {name} ..., or name the rule {territory.slug}-..."
            yield _finding(rule, territory, "foreign-rule", why=why, fix=fix, resource=arn)
    heard = [each.slug for each in territories if not _spares(rule.pattern or {}, each)]
    if heard and rule.on_default and _hears_states(rule.pattern):
        teams = ", ".join(heard)
        why = f"its pattern sees the executions of {teams}, with input and output"
        fix = f"name in its pattern the state machines that it is about, or list {rule.operator} under operators in "
        fix += "shared/settings.yaml with the reason"
        yield Finding("overhears", rule.title, teams, "", "", "", why, fix)


def _own_logging(link: Logging, territory: Territory) -> Iterator[Finding]:
    for group in link.groups:
        if not territory.holds(group):
            yield _finding(
                link,
                territory,
                "foreign-log",
                why="its events, with input and output, go into a log group that is not the team's own",
                fix=f"lanes deploy {territory.slug} (lanes plan {territory.slug} shows it)",
                resource=group,
            )


def _others_logging(link: Logging, territories: Sequence[Territory]) -> Iterator[Finding]:
    for territory in territories:
        for group in link.groups:
            if territory.holds(group):
                why = f"a state machine that is not {territory.slug}'s own writes into the team's log group"
                fix = f"aws stepfunctions update-state-machine --state-machine-arn {link.arn} with its own log group"
                yield _finding(link, territory, "foreign-log", why=why, fix=fix, resource=group)


def _confined(pattern: Mapping[str, Any], territory: Territory) -> bool:
    """Whether every event that *pattern* takes names the team's own. Its fields must all match, so one is enough."""
    return any(
        bool(values) and all(_inside(value, head, territory) for value in values)
        for values, head in _told(pattern, territory)
    )


def _spares(pattern: Mapping[str, Any], territory: Territory) -> bool:
    """Whether *pattern* spells whose events it takes, and none of them are the team's."""
    return any(
        bool(values) and all(isinstance(value, str) and not territory.holds(head + value) for value in values)
        for values, head in _told(pattern, territory)
    )


def _told(pattern: Mapping[str, Any], territory: Territory) -> Iterator[tuple[list[Any], str]]:
    """Yield the values that *pattern* asks for where an event tells whose it is, and what makes them ARNs."""
    for path, head in _TELLING.items():
        value: Any = pattern
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            yield value, head.format(partition=territory.place.partition)


def _inside(value: Any, head: str, territory: Territory) -> bool:
    """Whether all that one *value* of a pattern matches is the team's own: a text, a prefix or a wildcard.

    A star in a text or a prefix is a star to EventBridge and a glob here, which takes it for more, never for less.
    """
    if isinstance(value, str):
        return territory.holds(head + value)
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (kind, text), *_ = value.items()
    ends = {"prefix": "*", "wildcard": ""}
    return kind in ends and isinstance(text, str) and territory.holds(f"{head}{text}{ends[kind]}")


def _hears_states(pattern: Mapping[str, Any] | None) -> bool:
    """Whether *pattern* may take Step Functions' events: it names their source, names none, or by other than texts."""
    if pattern is None:
        return False
    sources = pattern.get("source")
    return not isinstance(sources, list) or any(
        source == _STATES if isinstance(source, str) else True for source in sources
    )


def _finding(  # noqa: PLR0913  a finding's parts
    link: Link, territory: Territory, rule: str, *, why: str, fix: str, resource: str = ""
) -> Finding:
    return Finding(rule, link.title, territory.slug, "", "", resource, why, fix)
