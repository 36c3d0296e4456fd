"""An execution's graph as lines of text: a mark, the state's name, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.run.graph import Graph, Node
    from shared.run.graph_visits import Mark

_SIGNS: dict[Mark, tuple[str, str]] = {
    "waiting": ("·", "."),
    "running": ("▸", ">"),
    "done": ("✓", "+"),
    "failed": ("✗", "x"),
    "stopped": ("■", "-"),
}
_STYLES: dict[Mark, str] = {"waiting": "dim", "running": "yellow", "done": "green", "failed": "red", "stopped": "red"}
_WIDEST = 40  # columns of a state's name; AWS lets it have 80 characters


def words(node: Node) -> str:
    """Return what is known of a state: ``running 12/40, 2 failed, retried 3``."""
    items = node.items
    if items:
        done, total, wrong = items.done, items.total, items.wrong
    else:
        done, total, wrong = node.done, node.visits, (f"{node.failed} failed",) if node.failed else ()
    counted = items is not None or node.visits > 1
    told = [
        f"{node.mark} {done}/{'?' if total is None else total}" if counted else node.mark,
        *(wrong if counted else ()),
        f"retried {node.retries}" if node.retries else "",
        _error(node),
        "each item an execution of its own" if items and node.distributed else "",
        f"-> {' | '.join(node.targets)}" if node.kind == "Choice" and node.mark == "waiting" else "",
    ]
    return ", ".join(each for each in told if each)


def _error(node: Node) -> str:
    if not node.error:
        return ""
    return f"caught {node.error}" if node.mark == "done" else node.error


def picture(graph: Graph, *, height: int = 0, plain: bool = False) -> Text:
    """Return the graph with a line for each state, those in a Map or a Parallel state indented.

    Args:
        graph: The graph.
        height: How many lines there may be; states that wait or are done are left out where it has more. 0 for any.
        plain: Draw with letters only, for a terminal that has no others.
    """
    rows = list(graph.walk())
    hidden = 0
    if height and len(rows) > height:
        busy = [row for row in rows if row[1].mark not in {"waiting", "done"}][: height - 1]
        hidden, rows = len(rows) - len(busy), busy
    width = min(_WIDEST, max((2 * depth + len(node.name) for depth, node in rows), default=0))
    lines = [_line(depth, node, width, plain=plain) for depth, node in rows]
    if hidden:
        lines.append(Text(f"  and {hidden} states more", style="dim"))
    shown = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
    shown.no_wrap, shown.overflow = True, "ellipsis"
    return shown


def _line(depth: int, node: Node, width: int, *, plain: bool) -> Text:
    name = "  " * depth + node.name
    name = name if len(name) <= width else f"{name[: width - 3]}..."
    text = f"  {_SIGNS[node.mark][plain]} {name:<{width}}  {words(node)}"
    return Text(text, style=_STYLES[node.mark])


def news(before: Graph | None, now: Graph) -> Iterator[str]:
    """Yield a line for each state that is otherwise than *before*; of many visits or items, each quarter is told."""
    known = {node.name: _told(node) for _, node in before.walk()} if before else {}
    for _, node in now.walk():
        if node.mark != "waiting" and _told(node) != known.get(node.name):
            yield f"{node.name}: {words(node)}"


def _told(node: Node) -> tuple[object, ...]:
    total = (node.items.total if node.items else node.done + node.running) or 1
    done = node.items.done if node.items else node.done
    return node.mark, node.retries, node.error, node.failed, node.items and node.items.wrong, 4 * done // total
