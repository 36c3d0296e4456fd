"""From a request that reached the cloud to what IAM is asked.

``read_call`` reads a request as a call, by botocore's models. ``needs`` tells which actions, resources and condition
keys the call needs, by AWS's own catalogue and a table of exceptions. Neither knows who calls, or what the policies
say. The cost is a table to maintain. An operation that AWS adds is refused until the catalogue and botocore know it.
"""

from shared.local.calls.asked import Facts, NoFacts
from shared.local.calls.call import CALL, Call, CallNotReadError
from shared.local.calls.every_request import request_keys
from shared.local.calls.needs import Need, needs
from shared.local.calls.read import read_call
from shared.local.calls.request import Request

__all__ = [
    "CALL",
    "Call",
    "CallNotReadError",
    "Facts",
    "Need",
    "NoFacts",
    "Request",
    "needs",
    "read_call",
    "request_keys",
]
