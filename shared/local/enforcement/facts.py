"""What a request does not say and its needs depend on, looked up in moto's backends (:class:`shared.local.calls`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL_PATH = "/"
_ROLES = ("task_role_arn", "execution_role_arn")


class MotoFacts:
    """The facts of one account.

    Args:
        account: Whose.
    """

    def __init__(self, account: str) -> None:
        self._account = account

    def secret_arn(self, region: str, name: str) -> str | None:
        """Return the ARN of the secret *name*, or None."""
        from moto.secretsmanager.models import secretsmanager_backends  # a service loads when it is asked

        secrets = secretsmanager_backends[self._account][region].secrets
        return secrets[name].arn if name in secrets else None

    def iam_path(self, kind: str, name: str) -> str:
        """Return the path of a role, user, group or instance profile, ``/`` where there is none such."""
        found = self._entity(kind, name)
        return getattr(found, "path", None) or _USUAL_PATH

    def mapping_function(self, region: str, uuid: str) -> str | None:
        """Return the ARN of the function that an event source mapping feeds, or None."""
        from moto.awslambda.utils import get_backend

        found = get_backend(self._account, region)._event_source_mappings.get(uuid)  # noqa: SLF001  moto has no other way
        return found.function_arn if found else None

    def task_definition(self, region: str, name: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the ARN of a task definition and its roles' ARNs, or None."""
        from moto.ecs.models import ecs_backends

        family, _, revision = name.rpartition("/")[2].partition(":")
        revisions = ecs_backends[self._account][region].task_definitions.get(family) or {}
        found = revisions.get(int(revision) if revision.isdigit() else max(revisions, default=0))
        if found is None:
            return None
        roles = (getattr(found, attribute, None) for attribute in _ROLES)
        return found.arn, tuple(role for role in roles if role)

    def hash_key(self, region: str, table: str, index: str = "") -> str | None:
        """Return the name of a table's or index's partition key, or None."""
        from moto.dynamodb.models import dynamodb_backends

        found = dynamodb_backends[self._account][region].tables.get(table.rpartition("/")[2])
        if found is None:
            return None
        if not index:
            return str(found.hash_key_attr)
        schemas = {each.name: each.schema for each in (*found.indexes, *found.global_indexes)}
        return next((key["AttributeName"] for key in schemas.get(index, ()) if key["KeyType"] == "HASH"), None)

    def boundary(self, kind: str, name: str) -> str | None:
        """Return the ARN of the boundary of a role or user, or None."""
        return getattr(self._entity(kind, name), "permissions_boundary_arn", None)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of one of EC2's, which has no name to know it by; of others, and of ``*``, none are told."""
        _, _, service, region, _, name = [*arn.split(":", 5), *[""] * 5][:6]
        if service != "ec2" or "/" not in name:
            return {}
        from moto.ec2.models import ec2_backends

        return dict(ec2_backends[self._account][region].tags.get(name.partition("/")[2], {}))

    def _entity(self, kind: str, name: str) -> Any:
        for backend in list(iam_backends[self._account].values()):
            things = {
                "role": backend.roles,
                "user": backend.users,
                "group": backend.groups,
                "instance-profile": backend.instance_profiles,
            }.get(kind, {})
            found = next((thing for thing in list(things.values()) if thing.name == name), None)
            if found is not None:
                return found
        return None
