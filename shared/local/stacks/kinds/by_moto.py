"""Types that moto makes and that are not done here: made past the cloud's API, as moto does it.

Nobody's rights are checked there, so only the account's owner may have them in a stack. Which properties moto takes
shows in the texts of its code: one that does not occur there is dropped, and so it is refused by name. Nothing is
changed: moto keeps no record from which it could.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work
from shared.local.stacks.shapes import Property

if TYPE_CHECKING:
    from shared.values import Json

_WORD = re.compile(r"""["']([A-Z][A-Za-z0-9.]*)["']""")
_NAME = 60
# Names of no type; a stack in a stack, which would be moto's own.
_LEFT_OUT = frozenset({"?", "AWS::SERVICE::RESOURCE", "AWS::CloudFormation::Stack"})


class ByMoto(Kind):
    """One type of moto's.

    Args:
        model: moto's class.
    """

    changes = False

    def __init__(self, model: Any) -> None:
        self._model = model
        text = inspect.getsource(model)
        self._words = frozenset(_WORD.findall(text))
        self._attributes = tuple(_WORD.findall(inspect.getsource(model.has_cfn_attr)))
        self.named = model.cloudformation_name_type() or ""

    def property(self, name: str) -> Property | None:
        """Return a property, if moto's code names it."""
        return Property() if name in self._words or name == self.named else None

    def knows(self, attribute: str) -> bool:
        """Say whether moto tells *attribute*."""
        return bool(self._model.has_cfn_attr(attribute))

    def create(self, work: Work, wanted: Properties) -> str:
        """Have moto make it."""
        _see_that_it_is_the_owner(work)
        name = str(wanted.get(self.named) or parsing.generate_resource_name(work.kind, work.stack, work.name))[:_NAME]
        made = self._model.create_from_cloudformation_json(name, self._json(work, wanted), work.account, work.region)
        for attribute in self._attributes:
            work.told[attribute] = self._attribute(made, attribute)
        return str(made.physical_resource_id)

    @staticmethod
    def _attribute(made: Any, name: str) -> Json:
        try:
            found = made.get_cfn_attribute(name)
        except Exception:  # noqa: BLE001  moto's own, of any kind: nobody may have asked for this attribute
            return None
        return found if isinstance(found, (str, int, list)) else str(found)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Have moto delete it."""
        _see_that_it_is_the_owner(work)
        if getattr(self._model.delete_from_cloudformation_json, "__isabstractmethod__", False):
            raise ResourceFailed(
                f"the embedded cloud cannot delete {work.kind} with its stack; delete {physical} by a call of its own, "
                f"and the stack with RetainResources={work.name}"
            )
        self._model.delete_from_cloudformation_json(physical, self._json(work, have), work.account, work.region)

    @staticmethod
    def _json(work: Work, properties: Properties) -> dict[str, Any]:
        return {"Type": work.kind, "Properties": dict(properties)}


def _see_that_it_is_the_owner(work: Work) -> None:
    if not work.owner:
        raise ResourceFailed(
            f"the embedded cloud makes and deletes {work.kind} past its API, where nobody's rights are checked; do it "
            "with the account's own key"
        )


@functools.cache
def of_moto(name: str) -> Kind | None:
    """Return the type called *name* as moto does it; None if moto does not."""
    model = None if name in _LEFT_OUT else parsing.get_model_map().get(name)
    return ByMoto(model) if model is not None else None
