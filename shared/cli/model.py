"""``lanes model``: a team's own model in place of the packaged one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from shared.cli import console
from shared.cli.data import need
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

_EXPORT = (
    'export it again: torch.onnx.export(..., input_names=["images", "magnitudes"], output_names=["redshift"],'
    ' dynamic_axes={each: {0: "n"} for each in ("images", "magnitudes", "redshift")}); or import its TorchScript'
)
"""What makes an ONNX file right whose inputs or outputs are others."""


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(help="Models that infer redshifts.", no_args_is_help=True)
    group.command("import")(import_)

    @group.callback()
    def keep_as_group() -> None:
        """Models that infer redshifts."""

    app.add_typer(group, name="model")


@on_cloud
def import_(
    file: Annotated[Path, typer.Argument(help="TorchScript (.ts, .pt; needs the extra: train), or ONNX (.onnx).")],
    *,
    team: Annotated[str, typer.Option(help="Upload it to this team's bucket, under models/.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Keep the ONNX file here.")] = None,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Turn your own model into ONNX, check it, and give it to a team.

    The model takes images (n x 5 x 32 x 32) and magnitudes (n x 5), or a list of both, and answers n redshifts. Save it
    with torch.jit.save(torch.jit.trace(model.eval(), (images, magnitudes)), "model.ts"). A pickled module is refused,
    since loading one runs its author's code.

    Example: lanes model import model.ts --team team2 && lanes run team2 cosmic --model-key models/model.onnx
    """
    if not team and out is None:
        raise UsageError("where should the model go?", fix="give --team TEAM, or --out FILE.onnx, or both")
    if not file.is_file():
        what = "this is a folder, not a file" if file.is_dir() else "there is no such file"
        raise UsageError(what, where=str(file), fix="name the file of a model")
    key = f"models/{file.stem}.onnx"
    with tempfile.TemporaryDirectory(prefix="lanes-model-") as scratch:
        made = Path(scratch) / f"{file.stem}.onnx"
        _make(file, made)
        size = made.stat().st_size
        if team:
            _upload(team, made, key, where)
        if out is not None:
            shutil.copyfile(made, out)
    if as_json:
        console.print_json({"bytes": size, "model_key": key if team else None, "file": str(out) if out else None})
    elif team:
        console.out.print(f"lanes run {team} cosmic --model-key {key}")
    else:
        console.out.print(str(out))


def _make(file: Path, target: Path) -> None:
    """Write the model in *file* as ONNX to *target*, checked with onnxruntime."""
    from shared.handlers.cosmic.errors import WrongModel
    from shared.handlers.cosmic.model import Model

    if file.suffix == ".onnx":
        try:
            Model(file, file.name, threads=1)
        except WrongModel as error:
            raise LanesError(error.what, where=str(file), fix=_EXPORT) from error
        shutil.copyfile(file, target)
        return
    need("torch", "train")
    need("onnx", "train")
    from shared.cosmic import export

    export.to_onnx(export.load(file), target)


def _upload(team: str, path: Path, key: str, where: Where) -> None:
    from shared.cli.wiring import open_cloud, open_project
    from shared.cosmic import transfer

    project = open_project()
    lane = project.lane(team)
    into = transfer.own_bucket(lane)
    with open_cloud(project, where, [lane]) as cloud:
        transfer.neighbours(cloud, into, key, [])
        transfer.upload(cloud, into, [(path, key)])
