"""Endpoints that a shell or an AWS configuration file sets. They lead calls away from AWS, and nothing shows it.

botocore takes the first of: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the service's ``endpoint_url`` in the
``services`` section that the profile names, and the profile's own (https://docs.aws.amazon.com/sdkref/latest/guide/
feature-ss-endpoints.html, read 2026-11-29). Emulators' manuals tell people to export the variables. The output of a
command would then look as if it came from the account at AWS.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigNotFound

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import botocore.session

_VARIABLE = "AWS_ENDPOINT_URL"
_IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
_SETTING = "endpoint_url"


class ConfiguredEndpointError(LanesError):
    """AWS was asked for, and something in the environment says to go elsewhere."""


def check_none_configured(session: botocore.session.Session, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse to go to AWS while a variable or a file would send any call elsewhere. Makes no call.

    Raises:
        ConfiguredEndpointError: Names each, with its place.
        botocore.exceptions.BotoCoreError: The profile or a file cannot be read.
    """
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return
    found = [*_variables(environ), *_settings(session)]
    if found:
        raise ConfiguredEndpointError(
            f"--aws means AWS, and this would send calls elsewhere: {'; '.join(found)}; nothing was done",
            fix=f"unset or remove it, or set {_IGNORE}=true; if it is meant, say so with --endpoint URL",
        )


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that are set; botocore takes an empty one for none."""
    for name, value in sorted(environ.items()):
        if value and (name == _VARIABLE or name.startswith(f"{_VARIABLE}_")):
            yield f"{name}={value} in the environment"


def _settings(session: botocore.session.Session) -> Iterator[str]:
    """Yield what the files of *session* set for its profile."""
    profile = session.profile or "default"
    scoped: Mapping[str, object] = session.get_scoped_config()
    if scoped.get(_SETTING):
        yield f"{_SETTING} = {scoped[_SETTING]} of profile {profile} in {_file_of(session, profile)}"
    section = scoped.get("services")
    services = session.full_config.get("services", {}).get(section, {}) if section else {}
    for service, settings in services.items():
        if isinstance(settings, dict) and settings.get(_SETTING):
            where = (
                f"services {section}, which profile {profile} names, in {session.get_config_variable('config_file')}"
            )
            yield f"{_SETTING} = {settings[_SETTING]} of {service} in {where}"


def _file_of(session: botocore.session.Session, profile: str) -> str:
    """Return the file that has the profile's endpoint: what the credentials' file says goes before the other's."""
    credentials: str = session.get_config_variable("credentials_file")
    try:
        if _SETTING in raw_config_parse(credentials).get(profile, {}):
            return credentials
    except ConfigNotFound:
        pass
    config: str = session.get_config_variable("config_file")
    return config
