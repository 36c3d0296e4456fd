"""Parquet files: rows as JSON, one row group in memory at a time. Needs pyarrow, the extra ``parquet``."""

from __future__ import annotations

import importlib.util
import math
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.maps.items import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from shared.values import Json

# Source: Step Functions Developer Guide, "ItemReader (Map)" (read 2026-11-30).
FOOTER_BYTES, GROUP_BYTES = 5 * 2**20, 256 * 2**20
_TAIL = 8  # the size of the footer, four bytes, and PAR1
_ROWS = 500


def installed() -> bool:
    """Tell whether what reads Parquet files is there."""
    return importlib.util.find_spec("pyarrow") is not None


def parquet_rows(stream: BinaryIO) -> Iterator[tuple[dict[str, Json], int]]:
    """Yield the rows of the file in *stream*, each with about how many bytes it takes.

    It goes through a file on disk, for a Parquet file is read from its end.

    Raises:
        UnreadableError: It is no Parquet file, or larger in its parts than Step Functions reads.
        RuntimeFailure: A column is of a type that AWS does not tell the JSON of.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        _check_footer(copy)
        try:
            file = parquet.ParquetFile(copy)
            for number in range(file.num_row_groups):
                if file.metadata.row_group(number).total_byte_size > GROUP_BYTES:
                    raise UnreadableError(f"A row group of the Parquet file is larger than {GROUP_BYTES} bytes.")
            for field in file.schema_arrow:
                _check_type(field.name, field.type)
            for batch in file.iter_batches(batch_size=_ROWS):
                size = batch.nbytes // max(batch.num_rows, 1)
                for row in batch.to_pylist(maps_as_pydicts="strict"):
                    yield _checked(row), size
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError("The object is not a valid Parquet file.") from error


def _check_footer(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    if size < _TAIL or not tail.endswith(b"PAR1"):
        raise UnreadableError("The object is not a valid Parquet file.")
    if int.from_bytes(tail[:4], "little") > FOOTER_BYTES:
        raise UnreadableError(f"The footer of the Parquet file is larger than {FOOTER_BYTES} bytes.")


def _check_type(column: str, kind: Any) -> None:
    """Raise unless it is plain what values of this type are in JSON."""
    from pyarrow import types

    if types.is_struct(kind):
        for field in kind:
            _check_type(f"{column}.{field.name}", field.type)
    elif types.is_map(kind) and types.is_string(kind.key_type):
        _check_type(column, kind.item_type)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_dictionary(kind):
        _check_type(column, kind.value_type)
    elif not any(
        test(kind)
        for test in (
            types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string,
            types.is_null,
        )
    ):  # fmt: skip
        raise RuntimeFailure(
            f"The embedded cloud does not read Parquet columns of type {kind}, though AWS does: {column}. AWS does not "
            "say how it writes them as JSON. Write the column as a string or a number."
        )


def _checked(value: Any) -> Any:
    """Return *value*, in which every number is one of JSON's."""
    if isinstance(value, float) and not math.isfinite(value):
        raise UnreadableError("A number in the Parquet file is none of JSON's: NaN or infinity.")
    if isinstance(value, dict):
        return {key: _checked(item) for key, item in value.items()}
    return [_checked(item) for item in value] if isinstance(value, list) else value
