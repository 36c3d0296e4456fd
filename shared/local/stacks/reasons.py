"""What a stack's events tell of a resource that failed: the answer, in the words of CloudFormation's handlers."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.local.stacks.kinds.kind import ResourceFailed
from shared.local.stacks.refusals import INTERNAL, RefusedCall

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
_CODES = (
    ("AccessDenied", "AccessDenied"),
    ("AlreadyExist", "AlreadyExists"),
    ("ResourceConflict", "AlreadyExists"),
    ("ResourceInUse", "AlreadyExists"),
    ("NotFound", "NotFound"),
    ("DoesNotExist", "NotFound"),
    ("NoSuch", "NotFound"),
    ("LimitExceeded", "ServiceLimitExceeded"),
    ("Throttl", "Throttling"),
)


@contextlib.contextmanager
def reasons() -> Iterator[None]:
    """Turn what a handler raises within into the reason that a stack's events tell.

    Raises:
        ResourceFailed: In the place of what was raised.
    """
    try:
        yield
    except ResourceFailed:
        raise
    except ClientError as error:
        raise ResourceFailed(_of_answer(error)) from error
    except RefusedCall as error:
        raise ResourceFailed(error.message) from error
    except BotoCoreError as error:
        raise ResourceFailed(_of_handler(str(error), "InvalidRequest")) from error
    except Exception as error:
        _LOG.exception("a resource of a stack failed")
        raise ResourceFailed(_of_handler(INTERNAL, "InternalFailure")) from error


def _of_handler(message: str, code: str) -> str:
    return f'Resource handler returned message: "{message}" (HandlerErrorCode: {code})'


def _of_answer(error: ClientError) -> str:
    told: Any = error.response
    code, message = str(told["Error"].get("Code", "")), str(told["Error"].get("Message", ""))
    about = told.get("ResponseMetadata", {})
    handler = next((name for part, name in _CODES if part in code), "InvalidRequest")
    status, request = about.get("HTTPStatusCode", 400), about.get("RequestId", "")
    where = f"Service: {error.operation_name}, Status Code: {status}, Request ID: {request}"
    return _of_handler(f"{message} ({where})", handler)
