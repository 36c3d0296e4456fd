"""Tables for people in notebooks: data frames of pandas, or plain rows where that is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never, TypeAlias

from shared.errors import UsageError
from shared.notebook import html
from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pandas import DataFrame

    from shared.measure.reports.columns import Column, Kind

    Frame: TypeAlias = "DataFrame | Table"

_MOST_ROWS = 60  # that are shown, as pandas does
_DTYPES: dict[Kind, str | None] = {
    "number": "float64",
    "integer": "Int64",
    "flag": "boolean",
    "moment": "datetime64[ms, UTC]",
    "text": None,  # pandas knows its own type of texts, another one in each version
    "any": None,
}


class NeedsPandas(UsageError, AttributeError):
    """Something was asked of a table that only a data frame has, and pandas is not installed."""


class Table:
    """Rows without pandas. It has the columns and the values that the data frame would have.

    Attributes:
        columns: The names of its columns.
        rows: Its rows, each a dict by the names of the columns.

    Example:
        >>> table = Table(("rank", "seconds"), [{"rank": 0, "seconds": 1.5}, {"rank": 1, "seconds": 2.5}])
        >>> table["seconds"]
        [1.5, 2.5]
        >>> table
        rank  seconds
           0      1.5
           1      2.5
        >>> table.describe()
        Traceback (most recent call last):
        ...
        shared.notebook.table.NeedsPandas: a table has no 'describe' without pandas
          fix: pip install 'teamlanes[notebook]', or take its .rows
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        self.columns = tuple(columns)
        self.rows = tuple({name: row.get(name) for name in self.columns} for row in rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self.columns:
            raise KeyError(name)
        return [row[name] for row in self.rows]

    def __getattr__(self, name: str) -> Never:
        if name.startswith("_"):  # what Python and IPython look for
            raise AttributeError(name)
        what = f"a table has no {name!r} without pandas"
        raise NeedsPandas(what, fix="pip install 'teamlanes[notebook]', or take its .rows")

    def __repr__(self) -> str:
        lines = [list(self.columns), *self._cells()]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        shown = ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
        return visible("\n".join([*shown, *self._left()]))

    def _repr_html_(self) -> str:
        return html.whole(html.table(self.columns, self._cells()), *map(html.note, self._left()))

    def _cells(self) -> list[list[str]]:
        return [[cell_of(row[name]) for name in self.columns] for row in self.rows[:_MOST_ROWS]]

    def _left(self) -> list[str]:
        more = len(self.rows) - _MOST_ROWS
        return [f"and {more:,} rows more (.rows has them all)"] if more > 0 else []


def cell_of(value: object) -> str:
    """Return *value* as a cell of a table shows it: numbers with six figures, nothing for None."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def table_of(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Frame:
    """Return a data frame, or a :class:`Table` where pandas is not installed.

    Args:
        columns: Its columns. Each is of one type whatever its values are: integers are ``int64``, and ``Int64`` where
            one is missing; moments are ``datetime64[ms, UTC]``.
        rows: Its rows, by the names of the columns.
    """
    names = [column.name for column in columns]
    listed = [{name: _harmless(row.get(name)) for name in names} for row in rows]
    try:
        import pandas as pd  # noqa: PLC0415  an extra, which takes half a second
    except ImportError:
        return Table(names, listed)
    series = {
        column.name: pd.Series([row[column.name] for row in listed], dtype=_dtype(column, listed)) for column in columns
    }
    return pd.DataFrame(series, columns=names)


def _dtype(column: Column, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return the type of a column, as pandas calls it; None where pandas is to find it."""
    if column.kind == "integer" and all(row[column.name] is not None for row in rows):
        return "int64"
    return _DTYPES[column.kind]


def _harmless(value: Any) -> Any:
    """Return *value*; of a text, with escapes for what would steer a terminal."""
    return visible(value) if isinstance(value, str) else value
