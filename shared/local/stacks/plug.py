"""CloudFormation put in the place of moto's, for every account and region.

Each operation that botocore knows is answered here: by what :mod:`api` does, or by a refusal that names it. moto's own
operations on stacks and stack sets are never reached. moto's backend only keeps our tables.
"""

from __future__ import annotations

import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores

from shared.errors import LanesError
from shared.local.calls.call import CALL
from shared.local.calls.models import model_of
from shared.local.changing import changing
from shared.local.door.callers import caller_of
from shared.local.seams import plugged, replacing
from shared.local.stacks.api import OPERATIONS
from shared.local.stacks.api.asked import Asked, Tables
from shared.local.stacks.interrupted import fail_interrupted
from shared.local.stacks.members import check_members
from shared.local.stacks.refusals import INTERNAL, RefusedCall, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.stacks.rights import Rights

_LOG = logging.getLogger(__name__)
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, "Characters"


@contextlib.contextmanager
def install(rights: Rights) -> Iterator[None]:
    """Answer CloudFormation's calls while the block lasts. A kept cloud's tables are filled before that."""
    names = model_of("cloudformation").operation_names
    seams = [
        # moto turns its own objects into answers with these; ours are answers already.
        replacing(CloudFormationResponse, "RESPONSE_KEY_PATH_TO_TRANSFORMER", {}),
        *(replacing(CloudFormationResponse, camelcase_to_underscores(name), _method(name, rights)) for name in names),
    ]
    with changing():
        for account, region, _ in list(cloudformation_backends.iter_backends()):
            backend = cloudformation_backends[account][region]  # asked for, so that it is written
            fail_interrupted(backend.stacks.values(), backend.change_sets)
    with plugged(seams), contextlib.closing(rights):
        yield


def _method(name: str, rights: Rights) -> Callable[[CloudFormationResponse], ActionResult]:
    """Return the method of moto's response class that answers the operation *name*."""

    def method(response: CloudFormationResponse) -> ActionResult:
        try:
            return ActionResult(_writable(_answer(name, response, rights)))
        except RefusedCall as refused:
            raise type(refused)(_writable(refused.message)) from refused

    return method


def _answer(name: str, response: CloudFormationResponse, rights: Rights) -> dict[str, Any]:
    operation = OPERATIONS.get(name)
    if operation is None:
        raise ValidationError(f"the embedded cloud's CloudFormation has no {name}; try it on AWS")
    try:
        asked = _asked(name, response, rights)
        check_members(name, asked.params)
        return operation(asked)
    except RefusedCall:
        raise
    except LanesError as error:
        raise ValidationError(error.what) from error
    except RecursionError as error:
        raise ValidationError("Template format error: it is nested too deeply.") from error
    except Exception as error:
        _LOG.exception("%s failed", name)
        raise ValidationError(INTERNAL) from error


def _writable(value: Any) -> Any:
    """Return *value* without characters that XML cannot carry: callers may have sent some."""
    if isinstance(value, str):
        return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {name: _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list) else value


def _asked(name: str, response: CloudFormationResponse, rights: Rights) -> Asked:
    environ = response.normalized_request.environ
    call = environ.get(CALL)
    if call is None or call.operation != name:
        raise ValidationError(f"the call cannot be read as {name}; send it as boto3 does")
    account, region = response.current_account, call.region
    backend = cloudformation_backends[account][region]
    tables = Tables(backend.stacks, backend.change_sets)
    return Asked(dict(call.parameters), caller_of(environ), account, region, tables, rights)
