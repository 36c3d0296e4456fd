"""What a call's needs depend on and its request does not say, looked up in moto (:class:`shared.local.calls.Facts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.iam.models import Group, InstanceProfile, Role, User, iam_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL_PATH = "/"
_ROLES = ("task_role_arn", "execution_role_arn")


class MotoFacts:
    """The facts of one account."""

    def __init__(self, account: str) -> None:
        self._account = account

    def secret_arn(self, region: str, name: str) -> str | None:
        """Return the ARN of the secret *name*, or None."""
        from moto.secretsmanager.models import secretsmanager_backends  # a service loads when it is first asked

        secrets = secretsmanager_backends[self._account][region].secrets
        return secrets[name].arn if name in secrets else None

    def iam_path(self, kind: str, name: str) -> str:
        """Return the path of a role, user, group or instance profile; ``/`` if there is none of that name."""
        found = self._entity(kind, name)
        return getattr(found, "path", None) or _USUAL_PATH

    def mapping_function(self, region: str, uuid: str) -> str | None:
        """Return the ARN of the function that an event source mapping feeds, or None."""
        from moto.awslambda.utils import get_backend

        found = get_backend(self._account, region).get_event_source_mapping(uuid)
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
        """Return the tags of a resource of EC2, which has no name that tells its owner; none for all others."""
        _, _, service, region, _, name = [*arn.split(":", 5), *[""] * 5][:6]
        if service != "ec2" or "/" not in name:
            return {}
        from moto.ec2.models import ec2_backends

        return dict(ec2_backends[self._account][region].tags.get(name.partition("/")[2], {}))

    def _entity(self, kind: str, name: str) -> Role | User | Group | InstanceProfile | None:
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
