"""What cells show of runs, lanes and sweeps, as HTML that takes its colours from the notebook. All text is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_AS_IT_IS = "tex2jax_ignore mathjax_ignore"
"""Notebooks typeset what stands between two dollar signs: prices, and formulas with links in texts of others. MathJax
leaves elements of these classes alone, as pandas' tables without ``display.html.use_mathjax`` have them."""


def headline(status: str, text: str) -> Markup:
    """Return the first line: a *status* in bold, and *text*."""
    return Markup("<p><b>{}</b> {}</p>").format(visible(status), visible(text))


def note(text: str) -> Markup:
    """Return a line in small letters."""
    return Markup("<p><small>{}</small></p>").format(visible(text))


def block(text: str) -> Markup:
    """Return lines as they are, as of a traceback. JupyterLab gives them the font of other text, without the style."""
    return Markup('<pre style="font-family: monospace">{}</pre>').format(visible(text))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table of texts."""
    head = Markup("").join(Markup("<th>{}</th>").format(visible(each)) for each in headings)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(visible(cell)) for cell in row))
        for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


def whole(*parts: Markup) -> str:
    """Return *parts* as what a cell shows."""
    content = Markup("").join(escape(part) for part in parts)
    return str(Markup('<div class="{}">{}</div>').format(_AS_IT_IS, content))
