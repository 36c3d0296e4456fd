"""Whether Lambda takes what a card says of where its functions run. The rules are AWS's, from its API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.card_file import CardImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.config.card_file import CardFile
    from shared.config.document import Document, KeyPath

_REGION = 3  # its position in an ARN, from 0
NO_LAYERS = "Lambda gives layers to functions of a zip only"


def check_functions(card: CardFile, region: str, document: Document) -> None:
    """Report what Lambda would refuse of a card's functions, or would not do.

    Args:
        card: The card.
        region: Where the functions are deployed.
        document: The card's.
    """
    for step, function in card.functions.items():
        path = ("functions", step)
        _check_layers(function.layers, region, (*path, "layers"), document)
        if function.layers and card.package == "image":
            document.problem((*path, "layers"), NO_LAYERS, "put into the image what is in them")
        if function.vpc:
            for key, ids in (("subnets", function.vpc.subnets), ("securityGroups", function.vpc.security_groups)):
                for each in _repeated(ids):
                    document.problem((*path, "vpc", key), f"{each} is named twice", "name it once")
    _check_python(card, document)
    _check_circles(card, document)


def _check_layers(layers: Sequence[str], region: str, path: KeyPath, document: Document) -> None:
    for each in layers:
        if each.split(":")[_REGION] != region:
            fix = f"name the layer's version in {region}"
            document.problem(path, f"the layer {each} is not in {region}, where the function is", fix)
    for each in _repeated([layer.rpartition(":")[0] for layer in layers]):
        document.problem(path, f"the layer {each} is named twice", "name one version of it")


def _repeated(names: Sequence[str]) -> Iterator[str]:
    yield from (name for name in dict.fromkeys(names) if names.count(name) > 1)


def _check_python(card: CardFile, document: Document) -> None:
    """Report a Python that nothing would run: an image has the one that it is made from."""
    image = card.image or CardImage()
    if card.python and card.package == "image" and (image.dockerfile or image.uri or "{python}" not in image.base):
        what = "functions that are images run on the Python of the image, and this one names its own"
        document.problem(("python",), what, "take it out, or write {python} into the tag of image.base")


def _check_circles(card: CardFile, document: Document) -> None:
    """Report functions whose records come back to them, over and over.

    Lambda takes no function as its own destination, and no destination that is not there: of a circle, none could be
    made first.
    """
    after = {
        step: [to.function for to in (told.on_success, told.on_failure) if to and to.function]
        for step, function in card.functions.items()
        if (told := function.asynchronous)
    }
    for step in after:
        if step in _reached(step, after):
            what = f"the records of {step} come back to {step}"
            document.problem(("functions", step, "async"), what, "send them to a queue, and read that")


def _reached(step: str, after: dict[str, list[str]]) -> set[str]:
    """Return the steps that get a record of *step*, or of what its record invokes."""
    reached: set[str] = set()
    todo = list(after[step])
    while todo:
        each = todo.pop()
        if each not in reached:
            reached.add(each)
            todo += after.get(each, ())
    return reached
