"""What is said of a state: a sign and a word for how it is, and what is counted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.measure.drawing.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.run.graph import Items, Node
    from shared.run.graph_visits import Mark

Outcome: TypeAlias = Literal["waiting", "running", "done", "caught", "failed", "stopped", "elsewhere"]

SIGNS: dict[Outcome, str] = {
    "waiting": "\N{MIDDLE DOT}",
    "running": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}",
    "done": "\N{CHECK MARK}",
    "caught": "!",
    "failed": "\N{BALLOT X}",
    "stopped": "\N{BLACK SQUARE}",
    "elsewhere": "",
}


_AT_ONCE = {"Choice", "Pass", "Succeed", "Fail"}  # states that take no time


@dataclass(frozen=True, slots=True)
class Words:
    """How a state is, and all that is said of it, in the order of its weight."""

    outcome: Outcome
    parts: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """All of it in one line: ``failed, 37 of 40 items, 3 failed, 2 retries``."""
        return ", ".join(self.parts)


def words_of(node: Node | None) -> Words:
    """Return what is said of a state; None is one whose visits lie in other executions."""
    if node is None:
        return Words("elsewhere", ("in each item",))
    outcome: Outcome = "caught" if node.mark == "done" and node.error else node.mark
    word = {"waiting": "not reached", "caught": "done"}.get(outcome, outcome)
    return Words(outcome, (word, *_counted(node)))


def _counted(node: Node) -> Iterator[str]:
    if node.items:
        yield from _items(node.mark, node.items)
    elif node.visits > 1:
        yield from _of(node.mark, node.done, node.failed, node.visits, "times")
    if node.retries:
        yield "1 retry" if node.retries == 1 else f"{node.retries:,} retries"
    if node.error:
        yield f"caught {plain(node.error)}" if node.mark == "done" else plain(node.error)
    if node.seconds is not None and node.kind not in _AT_ONCE:
        yield f"{node.seconds:,.2f} s" if node.visits - node.running < 2 else f"longest {node.seconds:,.2f} s"  # noqa: PLR2004


def _items(mark: Mark, items: Items) -> Iterator[str]:
    if items.total is None:
        yield f"{items.done:,} items so far"
        yield from items.wrong
    else:
        yield from _of(mark, items.done, items.failed, items.total, "items")
        yield from items.wrong[1:] if items.failed else items.wrong


def _of(mark: Mark, done: int, failed: int, total: int, what: str) -> Iterator[str]:
    """Yield how many of all have failed, where that is how it is; otherwise how many are done, and how many failed."""
    if mark == "failed" and failed:
        yield f"{failed:,} of {total:,} {what}"
        return
    if done < total:
        yield f"{done:,} of {total:,} {what}"
    else:
        yield f"{total:,} {what}" if total != 1 else f"1 {what.removesuffix('s')}"
    if failed:
        yield f"{failed:,} failed"
