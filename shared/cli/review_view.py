"""A review of a change in Markdown, as it stands in a pull request's comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.cli.plan_view import counts
from shared.measure.billing.cost import dollars
from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.measure.reviewing.review import CostChange, Review

_SIGNS = {"create": "+", "update": "!", "replace": "!", "delete": "-"}
_MOST_LINES = 200  # of a plan: a comment has at most 65,536 characters


def as_markdown(reviews: Sequence[Review], gone: Sequence[str], base: str) -> Iterator[str]:
    """Yield the lines of *reviews* of a change since the commit *base*; the teams *gone* have no file any more."""
    yield f"## Lanes: {len(reviews)} team{'s' * (len(reviews) != 1)} touched since {base[:12]}"
    for team in gone:
        yield ""
        yield f"**{team}** has no file any more. `lanes destroy {team}` removes what it owns, before the file goes."
    for each in reviews:
        yield ""
        yield f"### {'✅' if each.passes else '❌'} {each.team}"
        yield from _body(each)


def _body(review: Review) -> Iterator[str]:
    yield f"touched by {_code(review.why)}"
    if review.problems:
        yield from _block(review.problems)
        return
    if review.told:
        yield f"\n{visible(review.told)}"
    if proof := review.proof:
        holds = f"proved: {proof.documents} documents, {proof.statements} statements"
        yield f"\n{holds if proof.holds else 'NOT proved'}"
        if not proof.holds:
            yield from _block(map(str, proof.findings))
    if plan := review.plan:
        yield f"\nplan: {counts(plan)}"
        heads = [(f"{_SIGNS[step.action]} {step.kind} {step.name}", step.diff) for step in plan.changes]
        lines = [line for head, diff in heads for line in (head, *diff)]
        if lines:
            yield from _block(lines[:_MOST_LINES], "diff")
        if len(lines) > _MOST_LINES:
            yield f"{len(lines) - _MOST_LINES} more lines: `lanes review --json` has all"
    if review.costs:
        yield from _costs(review.costs)


def _costs(costs: Iterable[CostChange]) -> Iterator[str]:
    yield "\n| workflow | a run at most, before | after |"
    yield "|---|---|---|"
    for each in costs:
        before, after = ("not known" if usd is None else dollars(usd) for usd in (each.before, each.after))
        yield f"| {each.workflow} | {before} | {after} |"


def _block(lines: Iterable[str], language: str = "") -> Iterator[str]:
    """Yield *lines* as a block of code, whose fence is longer than any that they hold."""
    shown = [visible(line) for text in lines for line in text.splitlines()]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"\n{fence}{language}"
    yield from shown
    yield fence


def _code(text: str) -> str:
    return f"`{visible(text).replace('`', '')}`"
