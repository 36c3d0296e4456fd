"""Tables: data frames with the types that their columns say, and plain rows without pandas."""

import doctest
import sys
from datetime import UTC, datetime

import pytest

from shared.errors import UsageError
from shared.measure.reports.columns import Column
from shared.notebook import table
from shared.notebook.table import Table, table_of

COLUMNS = (
    Column("rank", "integer"),
    Column("billed_ms", "integer"),
    Column("seconds", "number"),
    Column("text", "text"),
    Column("at", "moment"),
)
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
ROWS = [
    {"rank": 0, "billed_ms": 7, "seconds": 1, "text": "plain", "at": AT},
    {"rank": 1, "billed_ms": None, "seconds": None, "text": "\x1b[2J<b>", "at": AT},
]


def test_a_frame_has_the_types_of_its_columns_whatever_is_missing():
    frame = table_of(COLUMNS, ROWS)
    assert list(frame.columns) == [column.name for column in COLUMNS]
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds[:3] == ["int64", "Int64", "float64"]
    assert kinds[4] == "datetime64[ms, UTC]"
    assert frame["at"][0] == AT
    assert frame["billed_ms"].isna().tolist() == [False, True]
    empty = table_of(COLUMNS, [])
    assert [str(kind) for kind in empty.dtypes][:3] == ["int64", "int64", "float64"]


def test_what_others_wrote_steers_no_terminal_and_is_no_html():
    frame = table_of(COLUMNS, ROWS)
    assert frame["text"].tolist() == ["plain", "\\x1b[2J<b>"]
    assert "<b>" not in frame._repr_html_()
    assert "<b>" not in Table(["text"], [{"text": "\x1b<b>"}])._repr_html_()
    assert "\x1b" not in repr(Table(["text"], [{"text": "\x1b<b>"}]))


def test_without_pandas_the_same_rows_are_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    found = table_of(COLUMNS, ROWS)
    assert isinstance(found, Table)
    assert len(found) == 2
    assert found["billed_ms"] == [7, None]
    assert found.rows[0] == ROWS[0]
    with pytest.raises(UsageError, match=r"teamlanes\[notebook\]"):
        found.groupby("rank")
    with pytest.raises(KeyError):
        found["other"]
    assert not hasattr(found, "iloc")


def test_a_long_table_says_what_it_leaves_out():
    found = Table(["rank"], [{"rank": rank} for rank in range(61)])
    assert repr(found).endswith("and 1 rows more (.rows has them all)")
    assert found._repr_html_().count("<tr>") == 61  # with the headings


def test_the_example_of_its_docstring_runs():
    assert doctest.testmod(table).failed == 0
    assert doctest.testmod(table).attempted > 0
