"""``lanes data``: make a survey, convert one, cut it, upload it."""

from __future__ import annotations

import contextlib
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shared.config.lane import Lane
    from shared.cosmic.partitions import Tensors

Megabytes = Annotated[float, typer.Option(min=0.1, help="Size of a partition in MB, at most.")]
Out = Annotated[Path, typer.Option("--out", help="New folder for the partitions.")]
CHUNK = 256  # galaxies rendered at a time


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(help="Survey data: make, import, split and upload partitions.", no_args_is_help=True)
    group.command()(make)
    group.command("import")(import_)
    group.command()(split)
    group.command()(upload)
    app.add_typer(group, name="data")


def make(
    *,
    galaxies: Annotated[int, typer.Option(min=1, help="How many galaxies.")] = 1250,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same survey.")] = 7,
    out: Out = Path("survey"),
    megabytes: Megabytes = 25,
    as_json: AsJson = False,
) -> None:
    """Render a synthetic SDSS-like survey (needs the extra: survey).

    Example: lanes data make --galaxies 5000 --seed 3 --out survey
    """
    need("galsim", "survey")
    from shared.cosmic import partitions, survey

    with progress("rendering", galaxies, "galaxies") as advance:
        blocks = (
            survey.make(min(CHUNK, galaxies - first), seed, first=first, on_galaxy=lambda: advance(1))
            for first in range(0, galaxies, CHUNK)
        )
        paths = partitions.write(out, partitions.cut(blocks, partitions.records_in(megabytes)))
    _report(out, paths, galaxies, as_json=as_json)


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files that torch.save wrote, in order.")],
    *,
    out: Out = Path("partitions"),
    megabytes: Megabytes = 25,
    as_json: AsJson = False,
) -> None:
    """Convert the field's .pt files (TensorDataset or dict) to partitions (needs the extra: train).

    Example: lanes data import 1.pt 2.pt 3.pt --out partitions
    """
    need("torch", "train")
    from shared.cosmic import convert, partitions

    with progress("converting", len(files), "files") as advance:
        blocks = _advancing(map(convert.load, files), lambda _: advance(1))
        paths = partitions.write(out, partitions.cut(blocks, partitions.records_in(megabytes)))
    _report(out, paths, sum(map(partitions.count, paths)), as_json=as_json)


def split(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder of partitions.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for these records.")],
    *,
    megabytes: Megabytes = 25,
    as_json: AsJson = False,
) -> None:
    """Cut the partitions in IN to another size, in the same order, into OUT.

    Example: lanes data split --megabytes 25 survey survey-25MB
    """
    from shared.cosmic import partitions

    paths = partitions.find(source)
    total = sum(map(partitions.count, paths))
    with progress("cutting", total, "records") as advance:
        groups = partitions.cut(partitions.read(paths), partitions.records_in(megabytes))
        written = partitions.write(target, groups, advance)
    _report(target, written, total, as_json=as_json)


@on_cloud
def upload(
    team: Annotated[str, typer.Argument(help="Whose bucket.")],
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="The sample survey when left out.")] = None,
    *,
    prefix: Annotated[str, typer.Option(help="Folder in the bucket; the team's data_prefix when left out.")] = "",
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Upload a file, or all in a folder but hidden files, whatever it is.")
    ] = False,
    commons: Annotated[
        str, typer.Option(metavar="NAME", help="Upload to this shared data of the settings, which the team reads.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be uploaded, or why it cannot be; upload nothing.")
    ] = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Upload partitions to the team's bucket, or to data that teams share.

    No team may write shared data: the embedded cloud's owner may, and on AWS whoever owns it.

    Example: lanes data upload team2 survey-25MB

    Example: lanes data upload team2 notes.csv --as-is --prefix inputs
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.cosmic import partitions, sample, transfer

    project = open_project(team)
    lane = project.lane(team)
    place = prefix.strip("/") or _data_prefix(lane)
    plain = _files_as_they_are(folder) if as_is else []
    into = transfer.shared_data(lane, commons) if commons else transfer.own_bucket(lane)
    with tempfile.TemporaryDirectory(prefix="lanes-upload-") as scratch:
        paths = [] if as_is else partitions.find(folder) if folder else sample.write(Path(scratch) / "sample")
        records = sum(map(partitions.count, paths))
        files = [(path, f"{place}/{name}") for name, path in plain or ((path.name, path) for path in paths)]
        total = sum(path.stat().st_size for path, _ in files)
        with open_cloud(project, where, [lane]) as cloud:
            if commons and not dry_run:
                cloud_of(project, cloud).make_commons(lane)
            others = transfer.neighbours(cloud, into, f"{place}/", [key for _, key in files])
            if not dry_run:
                with progress("uploading", total, "bytes") as advance:
                    transfer.upload(cloud, into, files, advance)
        if others:
            console.note(f"{len(others)} other objects are under {place}/, and a run over it takes them too")
    keys, what = [key for _, key in files], None if as_is else records
    _say_uploaded(into.bucket, place, keys, what, total, dry_run=dry_run, as_json=as_json)


def _files_as_they_are(place: Path | None) -> list[tuple[str, Path]]:
    """Return (name, file) of the file *place*, or of what lies in the folder.

    Raises:
        UsageError: There is none.
    """
    from shared.run.upload import files_below

    if place is None:
        raise UsageError("which file or folder?", fix="lanes data upload TEAM FILE --as-is --prefix FOLDER")
    found = [(place.name, place)] if place.is_file() else list(files_below(place))
    if not found:
        what = "there is no file in this folder" if place.is_dir() else "there is no such file or folder"
        raise UsageError(what, where=str(place), fix="name a file, or a folder with files")
    return found


def need(module: str, extra: str) -> None:
    """Check that *module* is installed.

    Raises:
        LanesError: It is not. The fix names the *extra* of this package that installs it.
    """
    if find_spec(module) is None:
        raise LanesError(f"this command needs {module}, which is not installed", fix=f"pip install -e '.[{extra}]'")


@contextlib.contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the block runs. The block gets a function to call with each amount that is done."""
    from rich.progress import Progress

    with Progress(console=console.err, transient=True, disable=not console.err.is_terminal) as bars:
        bar = bars.add_task(f"{what} {total:,} {unit}", total=total)
        yield lambda amount: bars.advance(bar, amount)


def _advancing(blocks: Iterable[Tensors], on_block: Callable[[Tensors], object]) -> Iterator[Tensors]:
    for block in blocks:
        on_block(block)
        yield block


def _data_prefix(lane: Lane) -> str:
    for workflow in lane.workflows.values():
        if workflow.parameters.get("data_prefix"):
            return str(workflow.parameters["data_prefix"]).strip("/")
    raise UsageError(
        f"no workflow of {lane.team} says where its data is",
        where=f"teams/{lane.team}.yaml",
        fix="give --prefix FOLDER",
    )


def _partitions(names: Sequence[object]) -> str:
    return f"{len(names)} partition{'s' if len(names) != 1 else ''}"


def _report(folder: Path, paths: list[Path], records: int, *, as_json: bool) -> None:
    size = sum(path.stat().st_size for path in paths)
    if as_json:
        console.print_json({"folder": str(folder), "partitions": len(paths), "records": records, "bytes": size})
    else:
        console.out.print(f"{folder}: {records:,} records in {len(paths)} partitions, {size / 2**20:.1f} MB")


def _say_uploaded(
    bucket: str, place: str, keys: list[str], records: int | None, size: int, *, dry_run: bool, as_json: bool
) -> None:
    """Say what was uploaded: *records* in partitions, or files as they are, of which nobody counts records (None)."""
    if as_json:
        console.print_json({"bucket": bucket, "keys": keys, "records": records, "bytes": size, "uploaded": not dry_run})
        return
    verb = "would upload" if dry_run else "uploaded"
    count = len(keys)
    files = (
        f"{count} file{'' if count == 1 else 's'}" if records is None else f"{records:,} records in {_partitions(keys)}"
    )
    console.out.print(f"{verb} {files}, {size / 2**20:.1f} MB, to s3://{bucket}/{place}/")
