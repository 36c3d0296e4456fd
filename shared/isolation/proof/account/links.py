"""What ties a team to others without an IAM document: EventBridge rules, logs of state machines, functions' code.

A rule on the default event bus sees every team's events. Step Functions' events hold the input and output of an
execution. So a team's own rules belong on a bus of its own, or their pattern must name the team's own resources in a
field that says whose an event is. A state machine may log into any group that log delivery may write to, so the proof
looks at where each machine logs.

Source: EventBridge user guide, "Events from AWS services" and "event patterns"; Step Functions developer guide,
"Automating Step Functions event delivery with EventBridge" and "Using CloudWatch Logs" (November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.isolation.proof.account.code_links import FunctionLinks, judge_function
from shared.isolation.proof.account.trigger_links import TriggerLinks, judge_trigger
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.isolation.proof.names.territory import Territory
    from shared.values import Json

DEFAULT_BUS = "default"
_STATES = "aws.states"
# The fields of an event that say whose it is, and what stands before their value in an ARN.
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
        targets: Pairs of ARNs: what it calls or writes to, and the role that it does so as, or "".
        managed_by: The AWS service that made it and is the only one to change it, or "".
    """

    arn: str
    bus: str
    pattern: Mapping[str, Json] | None = field(hash=False)
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
    def aims(self) -> tuple[str, ...]:
        """The ARNs of its targets and of the roles that it acts as, each once."""
        return tuple(dict.fromkeys(arn for pair in self.targets for arn in pair if arn))

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


Link = Rule | Logging | FunctionLinks | TriggerLinks


def judge_links(links: Sequence[Link], territories: Sequence[Territory]) -> Iterator[tuple[Finding, str]]:
    """Yield what is wrong with *links*: those of each team, and others' that touch a team's names.

    With each finding comes the operator who could answer for it, as shared/settings.yaml names operators
    (``rule/audit``); "" for a team's own link.
    """
    for link in links:
        owner = next((each for each in territories if each.holds(link.arn)), None)
        if isinstance(link, FunctionLinks):
            found = judge_function(link, owner) if owner else iter(())  # others' rights are judged by their policies
        elif isinstance(link, TriggerLinks):
            found = judge_trigger(link, owner, territories)
        elif isinstance(link, Logging):
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
        machines = territory.place.arn("states", f"stateMachine:{slug}-")
        yield Finding(
            rule="default-bus",
            document=rule.title,
            team=slug,
            why="its pattern sees every team's events on the default bus, executions' input and output among them",
            fix=f"make it on a bus of the team's own ({slug}-...), or name own state machines in its pattern: "
            f'"detail": {{"stateMachineArn": [{{"prefix": "{machines}"}}]}}',
        )
    for arn in rule.aims:
        if not territory.holds(arn):
            yield Finding(
                rule="foreign-target",
                document=rule.title,
                team=slug,
                resource=arn,
                why="it hands the team's events to what is not the team's own",
                fix=f"aim it at what is called {slug}-...",
            )


def _others_rule(rule: Rule, territories: Sequence[Territory]) -> Iterator[Finding]:
    name = rule.arn.rpartition("/")[2]
    for territory in territories:
        for arn in filter(territory.holds, rule.aims):
            yield Finding(
                rule="foreign-rule",
                document=rule.title,
                team=territory.slug,
                resource=arn,
                why=f"a rule that is not {territory.slug}'s own calls, or acts as, what is",
                fix=f"aws events remove-targets --rule {name} ..., or name the rule {territory.slug}-...",
            )
    heard = [each.slug for each in territories if not _spares(rule.pattern or {}, each)]
    if heard and rule.on_default and _hears_states(rule.pattern):
        teams = ", ".join(heard)
        yield Finding(
            rule="overhears",
            document=rule.title,
            team=teams,
            why=f"its pattern sees the executions of {teams}, with input and output",
            fix="name in its pattern the state machines that it is about, or list "
            f"{rule.operator} under operators in shared/settings.yaml with the reason",
        )


def _own_logging(link: Logging, territory: Territory) -> Iterator[Finding]:
    for group in link.groups:
        if not territory.holds(group):
            yield Finding(
                rule="foreign-log",
                document=link.title,
                team=territory.slug,
                resource=group,
                why="its events, with input and output, go into a log group that is not the team's own",
                fix=f"lanes deploy {territory.slug} (lanes plan {territory.slug} shows it)",
            )


def _others_logging(link: Logging, territories: Sequence[Territory]) -> Iterator[Finding]:
    for territory in territories:
        for group in filter(territory.holds, link.groups):
            yield Finding(
                rule="foreign-log",
                document=link.title,
                team=territory.slug,
                resource=group,
                why=f"a state machine that is not {territory.slug}'s own writes into the team's log group",
                fix=f"aws stepfunctions update-state-machine --state-machine-arn {link.arn} with its own log group",
            )


def _confined(pattern: Mapping[str, Json], territory: Territory) -> bool:
    """Whether every event that *pattern* takes is about the team's own: all fields must match, so one field decides."""
    return any(
        bool(values) and all(_inside(value, head, territory) for value in values)
        for values, head in _told(pattern, territory)
    )


def _spares(pattern: Mapping[str, Json], territory: Territory) -> bool:
    """Whether *pattern* says whose events it takes, letter by letter, and none of them are the team's."""
    return any(
        bool(values) and all(isinstance(value, str) and not territory.holds(head + value) for value in values)
        for values, head in _told(pattern, territory)
    )


def _told(pattern: Mapping[str, Json], territory: Territory) -> Iterator[tuple[list[Json], str]]:
    """Yield what *pattern* asks of each field that says whose an event is: the values, and what makes them ARNs."""
    for path, head in _TELLING.items():
        value: Json = pattern
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            yield value, head.format(partition=territory.place.partition)


def _inside(value: Json, head: str, territory: Territory) -> bool:
    """Whether everything that one *value* of a pattern matches is the team's own: a text, a prefix or a wildcard.

    EventBridge takes a star in a text or a prefix for a star. Here it is a glob, which matches more and never less.
    """
    if isinstance(value, str):
        return territory.holds(head + value)
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (kind, text), *_ = value.items()
    ends = {"prefix": "*", "wildcard": ""}
    return kind in ends and isinstance(text, str) and territory.holds(f"{head}{text}{ends[kind]}")


def _hears_states(pattern: Mapping[str, Json] | None) -> bool:
    """Whether *pattern* may take Step Functions' events: unless it names other sources only, letter by letter."""
    if pattern is None:
        return False
    sources = pattern.get("source")
    return not isinstance(sources, list) or any(
        source == _STATES if isinstance(source, str) else True for source in sources
    )
