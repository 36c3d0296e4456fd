"""Which ARNs a call's parameters name, for each kind of resource in the catalogue.

A table here tells the names of parameters that differ from the catalogue's. It needs no entry if they are the same
(``repositoryName`` for ``${RepositoryName}``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from shared.local.calls.asked import is_arn
from shared.local.calls.models import model_of
from shared.local.calls.rules import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.iam.catalogue import ResourceType
    from shared.local.calls.asked import Asked

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PLACE = frozenset({"Partition", "Region", "Account"})
_ROUTE53_ID = re.compile(r"^/?(hostedzone|change|healthcheck|delegationset)/")

# Prefix and variable -> the parameters that may hold it, and its value if they are left out (API of each service).
_NAMES: dict[tuple[str, str], tuple[tuple[str, ...], str | None]] = {
    ("athena", "WorkGroupName"): (("WorkGroup", "Name"), "primary"),
    ("athena", "DataCatalogName"): (("Name", "CatalogName"), None),
    ("cloudwatch", "InsightRuleName"): (("RuleName", "RuleNames[]"), None),
    ("cloudwatch", "MetricStreamName"): (("Name", "Names[]"), None),
    ("ecs", "ClusterName"): (("cluster", "clusters[]", "clusterName"), "default"),
    ("ecs", "CapacityProviderName"): (("capacityProvider", "capacityProviders[]", "name"), None),
    ("events", "ConnectionName"): (("Name",), None),
    ("events", "ApiDestinationName"): (("Name",), None),
    ("iam", "MfaTokenIdWithPath"): (("VirtualMFADeviceName",), None),
    ("iam", "CertificateNameWithPath"): (("ServerCertificateName",), None),
    ("iam", "SamlProviderName"): (("Name",), None),
    ("logs", "DeliveryName"): (("id",), None),
    ("logs", "DeliverySourceName"): (("name",), None),
    ("logs", "DeliveryDestinationName"): (("name", "deliveryDestinationName"), None),
    ("route53", "Id"): (("Id", "HostedZoneId", "HealthCheckId", "DelegationSetId"), None),
    ("ssm", "DocumentName"): (("DocumentName", "Name"), None),
}


def resources_of(asked: Asked, prefix: str, kind: ResourceType) -> list[str | None]:
    """Return the ARNs of *kind* that the call names.

    If the call could name one and does not, the ARN has ``*`` for a name: then the caller needs rights on all resources
    of that kind. None means that the call is about such a resource and nobody can tell which.
    """
    rule = RESOURCES.get(prefix, {}).get(kind.name)
    if rule:
        return list(rule(asked))
    given = [value for value in _texts(asked) if is_arn(value) and _shape(kind.arn).fullmatch(value)]
    return list(given) if given else _filled(asked, prefix, kind.arn)


def _texts(asked: Asked) -> Iterator[str]:
    """Yield the parameters that are texts, and the members of lists of texts."""
    for value in asked.call.parameters.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))


@cache
def _shape(template: str) -> re.Pattern[str]:
    """Return the pattern of *template*'s ARNs. Only a name at the end may contain a slash."""
    *parts, end = _VARIABLE.split(template)
    made = ""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            made += re.escape(part)
        elif part in _PLACE:
            made += "[^:]*"
        else:
            made += ".+" if at == len(parts) - 1 and not end else "[^:/]+"
    return re.compile(made + re.escape(end))


def _filled(asked: Asked, prefix: str, template: str) -> list[str | None]:
    made = [template]
    for variable in _VARIABLE.findall(template):
        if variable in _PLACE:
            continue
        values = _values(asked, prefix, variable)
        if values is None:
            return [None]
        made = [each.replace(f"${{{variable}}}", value, 1) for each in made for value in values]
    return [one for each in made for one in asked.fill(each)]


def _values(asked: Asked, prefix: str, variable: str) -> list[str] | None:
    """Return the values of *variable* in the call: ``*`` if it could have one and has not; None if it cannot."""
    inputs = _inputs(asked.call.service, asked.call.operation)
    paths, default = _NAMES.get((prefix, variable), (_paths(inputs, variable.lower()), None))
    values = [_last(each) for path in paths for each in asked.texts(path)]
    if values or default:
        return values or [str(default)]
    could_say = any(path.removesuffix("[]").lower() in inputs for path in paths)
    return ["*"] if could_say or prefix == "ec2" else None  # EC2 chooses the ids of what it makes


def _paths(inputs: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the parameter called *name*, and the list called the same in the plural."""
    single, many = inputs.get(name), inputs.get(f"{name}s")
    return tuple(path for path in (single, many and f"{many}[]") if path)


@cache
def _inputs(service: str, operation: str) -> Mapping[str, str]:
    """Return the names of an operation's parameters, by the same names in lower case."""
    shape = model_of(service).operation_model(operation).input_shape
    return {name.lower(): name for name in shape.members} if shape else {}


def _last(value: str) -> str:
    """Return the name at the end of an ARN, or of an id of Route 53 (``/hostedzone/Z1``)."""
    return re.split(r"[:/]", value)[-1] if is_arn(value) else _ROUTE53_ID.sub("", value)
