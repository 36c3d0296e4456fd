"""Clients of a cloud. To a client, the embedded cloud and AWS differ in endpoint and credentials alone.

What stands in AWS's place at a URL (another emulator, a proxy) is treated as AWS, except for the address.
"""

from __future__ import annotations

import os
from functools import cache, cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.loaders import Loader, create_loader

from shared.aws.answers import name_what_is_missing
from shared.aws.configured import check_none_configured
from shared.aws.target import aws_target, embedded_target, endpoint_target
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from shared.aws.access_key import AccessKey
    from shared.aws.target import Target
    from shared.config.lane import Place

_FUNCTION_SECONDS = 930  # Lambda gives a function 900
_SYNC_SECONDS = 310  # Step Functions gives an express execution 300


class Aws:
    """Clients for one target, made on first use.

    Args:
        session: Holds the credentials and the region.
        target: Where requests go, for the account and region that every name is made for.
        caller: The ARN of whoever the credentials are of, empty for the embedded cloud's owner.
        owner: The embedded cloud's owner, where the credentials are those of a role in it.
    """

    def __init__(self, session: boto3.Session, target: Target, caller: str = "", owner: Aws | None = None) -> None:
        name_what_is_missing(session)
        self.session = session
        self.target = target
        self.place = target.place
        self.caller = caller
        self.owner = owner or self
        self._clients: dict[tuple[str, str | None], object] = {}
        self._making = Lock()  # botocore makes clients in one thread at a time

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client for *service*, the same one each time. No library has a type for all of them.

        *region* is another than that of the place, for what AWS tells in one region alone.
        """
        key = (service, region)
        with self._making:
            if key not in self._clients:
                make: Callable[..., object] = self.session.client  # its stubs know no name that is computed
                self._clients[key] = make(
                    service,
                    region_name=region,
                    endpoint_url=self.target.endpoint,
                    config=Config(
                        retries={"mode": "standard"},
                        max_pool_connections=32,
                        s3={"addressing_style": "path"} if self.target.endpoint else None,
                        proxies={} if self.target.on_loopback else None,  # one of the environment cannot reach it
                    ),
                )
            return self._clients[key]

    @cached_property
    def s3(self) -> S3Client:
        """Buckets and objects."""
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """Roles and policies."""
        client: IAMClient = self.client("iam")
        return client

    @cached_property
    def lambda_(self) -> LambdaClient:
        """Functions."""
        client: LambdaClient = self.client("lambda")
        return client

    @cached_property
    def waiting_lambda(self) -> LambdaClient:
        """Functions, for Invoke alone: a function answers within fifteen minutes, and is called once."""
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=_FUNCTION_SECONDS,
            proxies={} if self.target.on_loopback else None,
        )
        client: LambdaClient = self.session.client("lambda", endpoint_url=self.target.endpoint, config=config)
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Log groups and their events."""
        client: CloudWatchLogsClient = self.client("logs")
        return client

    @cached_property
    def states(self) -> SFNClient:
        """State machines and executions."""
        client: SFNClient = self.client("stepfunctions")
        return client

    @cached_property
    def sync_states(self) -> SFNClient:
        """State machines, for StartSyncExecution alone: it is asked once, and answers within five minutes.

        AWS has hosts of their own for it (``sync-states``). Another endpoint has one host for all.
        """
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=_SYNC_SECONDS,
            inject_host_prefix=self.target.endpoint is None,
            proxies={} if self.target.on_loopback else None,
        )
        client: SFNClient = self.session.client("stepfunctions", endpoint_url=self.target.endpoint, config=config)
        return client


def connect_aws(place: Place, profile: str | None = None, endpoint: str | None = None) -> Aws:
    """Connect with the user's own credentials to AWS, or to what stands in its place at *endpoint*, a URL.

    Raises:
        ConfiguredEndpointError: No *endpoint* was asked for, but a variable or a file leads away from AWS.
        LanesError: There are no credentials, or they belong to another account than the settings name.
        UsageError: *endpoint* is no URL.
    """
    target = endpoint_target(place, endpoint) if endpoint else aws_target(place)
    try:
        files = botocore.session.get_session()
        session = boto3.Session(botocore_session=files, profile_name=profile, region_name=place.region)
        if not endpoint:
            check_none_configured(files)
        identity = Aws(session, target).client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise _unknown_caller(target, error) from error
    account = identity["Account"]
    if account != place.account:
        raise LanesError(
            f"the credentials belong to account {account}, the settings name {place.account}; nothing was done",
            where="shared/settings.yaml",
            fix="set account there, or use the credentials of the account it names",
        )
    return Aws(session, target, identity["Arn"])


def connect_endpoint(place: Place, endpoint: str, key: AccessKey) -> Aws:
    """Connect to an embedded cloud at *endpoint*, a URL, with a *key* of its own, which means nothing anywhere else.

    The user's AWS profile and files are for AWS. They are not read here, so a broken one does no harm.
    """
    return Aws(endpoint_session(place.region, key), embedded_target(place, endpoint))


def endpoint_session(region: str, key: AccessKey) -> boto3.Session:
    """Return a session for an embedded cloud; see :func:`connect_endpoint`."""
    own = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = botocore.session.Session(session_vars=own | {"profile": (None, None, None, None)})
    session.register_component("data_loader", _models())
    return boto3.Session(
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        aws_session_token=key.token or None,
        region_name=region,
        botocore_session=session,
    )


@cache
def _models() -> Loader:
    """Return the loader of descriptions of AWS's services: one for all sessions, because it takes 20 ms a service."""
    return create_loader()


def _unknown_caller(target: Target, error: Exception) -> LanesError:
    """Return the error when nothing says whose the credentials are."""
    unreached = isinstance(error, NoConnectionError | HTTPClientError)
    if target.endpoint and unreached:
        return LanesError(
            f"nothing answers as AWS does at {target.endpoint}: {error}", fix="start it, or correct the URL"
        )
    if unreached:
        return LanesError(
            f"AWS cannot be reached: {error}",
            fix="see to the network, and to HTTPS_PROXY; or leave out --aws to use the embedded cloud",
        )
    if target.endpoint:
        return LanesError(
            f"{target.endpoint} does not know these credentials: {error}",
            fix="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to what it takes; an emulator takes most",
        )
    return LanesError(
        f"AWS does not know these credentials: {error}",
        fix="log in (aws sso login, or aws configure), or leave out --aws to use the embedded cloud",
    )
