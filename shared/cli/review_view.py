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
_MOST_LINES = 200  # of a block
_ROOM = 45_000  # characters for what teams have beside their heads: a comment has at most 65,536


def as_markdown(reviews: Sequence[Review], gone: Sequence[str], base: str) -> Iterator[str]:
    """Yield the lines of *reviews* of a change since the commit *base*; the teams *gone* have no file any more."""
    yield f"## Lanes: {len(reviews)} team{'s' * (len(reviews) != 1)} touched since {base[:12]}"
    for team in gone:
        yield ""
        yield (
            f"{_code(team)} has no file any more. {_code(f'lanes destroy {team}')} removes what it owns, before the "
            "file goes."
        )
    room = _ROOM
    for each in reviews:
        yield ""
        yield f"### {'✅' if each.passes else '❌'} {each.team}"
        body = list(_body(each, _MOST_LINES))
        size = sum(len(line) + 1 for line in body)
        if size > room:
            yield from _body(each, 0)
        else:
            room -= size
            yield from body


def _body(review: Review, most: int) -> Iterator[str]:
    """Yield what there is to say of a team, with *most* lines of each block."""
    yield f"touched by {_code(review.why)}"
    if review.problems:
        yield from _block(review.problems, most)
        return
    if review.told:
        yield f"\n{_code(review.told)}"
    if proof := review.proof:
        holds = f"proved: {proof.documents} documents, {proof.statements} statements"
        yield f"\n{holds if proof.holds else 'NOT proved'}"
        if not proof.holds:
            yield from _block(map(str, proof.findings), most)
    if plan := review.plan:
        yield f"\nplan: {counts(plan)}"
        heads = [(f"{_SIGNS[step.action]} {step.kind} {step.name}", step.diff) for step in plan.changes]
        lines = [line for head, diff in heads for line in (head, *diff)]
        if lines:
            yield from _block(lines, most, "diff")
    if review.costs:
        yield from _costs(review.costs)


def _costs(costs: Iterable[CostChange]) -> Iterator[str]:
    yield "\n| workflow | a run at most, before | after |"
    yield "|---|---|---|"
    for each in costs:
        before, after = ("not known" if usd is None else dollars(usd) for usd in (each.before, each.after))
        yield f"| {each.workflow} | {before} | {after} |"


def _block(texts: Iterable[str], most: int, language: str = "") -> Iterator[str]:
    """Yield *most* lines of *texts* as a block of code, whose fence is longer than any that they hold."""
    lines = [visible(line) for text in texts for line in text.splitlines()]
    shown, more = lines[:most], len(lines) - most
    if shown:
        longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        yield f"\n{fence}{language}"
        yield from shown
        yield fence
    if more > 0:
        yield f"\n{more} more lines: `lanes review --json` has all"


def _code(text: str) -> str:
    """Return *text* by others in one line, as code: it is no heading, no link and calls nobody."""
    return f"`{visible(' '.join(text.split())).replace('`', '')}`"
