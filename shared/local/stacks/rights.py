"""Clients with the rights of whoever makes a stack: its caller, or the role that the stack was given.

Source: AWS CloudFormation User Guide, "CloudFormation service role" (read 2026-11-30). CloudFormation calls the
services with the caller's rights. If the caller passes a role, it calls with that role's from then on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.aws.access_key import AccessKey
from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.door.callers import Caller
    from shared.local.door.sessions import Issuer

SERVICE = "cloudformation.amazonaws.com"

_CLIENTS = 48
_LONGEST_CALL = 960.0  # seconds: a function that makes a custom resource may run for 900
_SESSION = "AWSCloudFormation"


class Rights:
    """Makes clients. Thread-safe.

    Args:
        endpoint: Returns the URL that stands for all of AWS.
        issuer: Makes the credentials of roles and sessions, and has the owner's.
        user_key: Returns the ARN and the secret of the IAM user of an account who has a key, by the key's id.
        assumes: Says whether a service may take a role.
    """

    def __init__(
        self,
        endpoint: Callable[[], str],
        issuer: Issuer,
        user_key: Callable[[str, str], tuple[str, str] | None],
        assumes: Callable[[str, str], bool],
    ) -> None:
        self._endpoint = endpoint
        self._issuer = issuer
        self._user_key = user_key
        self._assumes = assumes
        self._clients: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def endpoint_host(self) -> str:
        """The host of this cloud."""
        return urlsplit(self._endpoint()).hostname or ""

    def of(self, caller: Caller, region: str, role: str) -> Callable[[str], Any]:
        """Return what makes the clients of services in *region* for *caller*, or for *role* if it is not empty.

        Raises:
            ValidationError: CloudFormation may not take the role.
        """
        if role and not self._assumes(SERVICE, role):
            raise ValidationError(f"Role {role} is invalid or cannot be assumed")
        key = self._issuer.of_role(role, _SESSION) if role else self._key_of(caller)
        return lambda service: self._client(service, region, key)

    def of_function(self, role: str, region: str) -> Callable[[str], Any]:
        """Return what makes clients with the rights of *role*, which a function of the stack has."""
        key = self._issuer.of_role(role, _SESSION)
        return lambda service: self._client(service, region, key)

    def _key_of(self, caller: Caller) -> AccessKey:
        if caller.session is not None:
            return self._issuer.issue(caller.session)
        if caller.kind == "root":
            return self._issuer.owner
        user = self._user_key(caller.account, caller.key_id)
        if user is None:
            raise ValidationError(f"the access key {caller.key_id} was deleted meanwhile")
        return AccessKey(caller.key_id, user[1])

    def _client(self, service: str, region: str, key: AccessKey) -> Any:
        place = service, region, key.id
        with self._lock:
            if place not in self._clients:
                self._clients[place] = self._make(service, region, key)
            self._clients.move_to_end(place)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)  # a call that goes on keeps it
            return self._clients[place]

    def _make(self, service: str, region: str, key: AccessKey) -> Any:
        from botocore.config import Config  # a cloud without stacks never needs them

        from shared.aws.client import endpoint_session

        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=_LONGEST_CALL,
            inject_host_prefix=False,
            s3={"addressing_style": "path"},
            proxies={},
        )
        make: Any = endpoint_session(region, key).client  # typed by the service's name, which is not known here
        return make(service, endpoint_url=self._endpoint(), config=config)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), OrderedDict()
        for client in clients:
            client.close()
