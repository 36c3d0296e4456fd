"""What stands in a workflow's card, ``statemachines/<key>.yaml``, as models of the file."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from shared.config.field_types import Text
from shared.config.lane import Scalar
from shared.config.model import FileModel

PackageKind = Literal["zip", "image"]
PACKAGE = "package"
"""The key that says zip or image, on a card and beside a team's parameters."""
PACKAGES: tuple[str, ...] = get_args(PackageKind)
_BASE = r"^[a-z0-9.-]+(:\d+)?/[a-z0-9._/-]+(:([A-Za-z0-9._-]|\{python\})+)?(@sha256:[0-9a-f]{64})?$"


class CardFunction(FileModel):
    """One step of a workflow. With ``rendezvous``, its environment says where the lane's FMI ranks meet."""

    handler: Annotated[str, Field(pattern=r"^shared\.handlers(\.[a-z_][a-z0-9_]*)+$")]
    memory_size: int | None = None
    timeout: int | None = None
    environment: dict[str, Text] = Field(default_factory=dict)
    rendezvous: bool = False


class CardParameter(FileModel):
    """One input of a workflow. Bounds are inclusive; for a text they bound its length.

    ``upload`` names a folder of the team's bucket. A file or folder of this machine that is given to ``lanes run`` goes
    there. ``insteadOf`` names another parameter, which the handler derives from this one. A payload that gives only
    this one then gets no default for the other.
    """

    type: Literal["integer", "number", "string", "boolean", "object"]
    description: str
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Annotated[tuple[Scalar, ...], Field(strict=False)] = ()
    upload: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    instead_of: str | None = None


class CardImage(FileModel):
    """How a workflow's functions become container images: see :class:`shared.config.lane.Image`.

    ``{python}`` in the base's tag is the version of Python that the functions run on.
    """

    base: Annotated[str, Field(pattern=_BASE)]
    setup: Annotated[tuple[str, ...], Field(strict=False)] = ()
    libraries: bool = True
    entrypoint: Annotated[tuple[str, ...], Field(strict=False)] = ()


class CardSample(FileModel):
    """Data to try the workflow with: the function that writes it, and the parameter that names its folder."""

    writer: Annotated[str, Field(pattern=r"^shared(\.[a-z_][a-z0-9_]*){2,}$")]
    prefix: str


class CardTable(FileModel):
    """A DynamoDB table of a workflow.

    ``key`` is the attribute that identifies an item, a text. ``sample`` is a file beside the card: a list of items that
    fills an empty table of the embedded cloud.
    """

    key: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    sample: str | None = None


class CardFile(FileModel):
    """All of a card."""

    description: str
    functions: dict[str, CardFunction]
    tables: dict[str, CardTable] = Field(default_factory=dict)
    parameters: dict[str, CardParameter] = Field(default_factory=dict)
    sample: CardSample | None = None
    image: CardImage | None = None
    package: PackageKind = "zip"
    # The module whose migrate(engine) makes the workflow's tables in the database of a team that has one.
    database: Annotated[str, Field(pattern=r"^shared\.handlers(\.[a-z_][a-z0-9_]*)+$")] | None = None
