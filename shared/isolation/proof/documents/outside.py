"""What lies outside a team's own names and may be reached: shared data, others' code, and the ledger of prepaid lanes.

Shared data is read only, by the teams that the settings name, and only while its bucket belongs to the account that
they name. A layer or an image of another account is named with that account's number. So it is nobody's of this
account, whatever it is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.iam.globs import contains
from shared.isolation.proof.documents.ledger import is_ledger
from shared.isolation.proof.documents.reviewed import fixed
from shared.isolation.roles.grants import FETCH_IMAGES
from shared.isolation.roles.uses import READ_OBJECTS, RESOURCE_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.iam.catalogue import Action
    from shared.isolation.proof.documents.document import Statement
    from shared.isolation.proof.finding import Finding
    from shared.isolation.proof.names.territory import Territory

_READ = frozenset(each.lower() for each in READ_OBJECTS)
# Reading code, and the only ARNs on which another account's may be read: region and account letter by letter.
_CODE = {
    "lambda:getlayerversion": re.compile(
        r"arn:(?P<partition>[^:*?]+):lambda:(?P<region>[^:*?]+):(?P<account>[0-9]{12}):layer:.+"
    ),
    **dict.fromkeys(
        (each.lower() for each in FETCH_IMAGES),
        re.compile(r"arn:(?P<partition>[^:*?]+):ecr:(?P<region>[^:*?]+):(?P<account>[0-9]{12}):repository/.+"),
    ),
}


def judge_foreign(
    statement: Statement, action: Action, resource: str, territory: Territory
) -> Iterator[Finding] | None:
    """Return what is wrong with *action* on shared data, others' code or the ledger; None if it is about neither."""
    name = action.name.lower()
    if name == "lambda:invokefunction" and is_ledger(resource, territory):
        return iter(())  # who of a team may, :mod:`.ledger` judges by the role's trust
    code = _CODE[name].fullmatch(resource) if name in _CODE else None
    if code and (code["partition"], code["region"]) == (territory.place.partition, territory.place.region):
        return iter(()) if code["account"] != territory.place.account else None
    for each in territory.commons:
        bucket = territory.place.arn("s3", each.bucket)
        if contains((bucket, f"{bucket}/*"), resource):
            return _judge_commons(statement, action, resource, each.account)
    return None


def _judge_commons(statement: Statement, action: Action, resource: str, account: str) -> Iterator[Finding]:
    if action.name.lower() not in _READ:
        yield statement.finding(
            "commons",
            "it is shared data, and every team would read what this one did to it",
            f"grant {' and '.join(READ_OBJECTS)}, and nothing else",
            action=action.name,
            resource=resource,
        )
    elif not fixed(statement.conditions, RESOURCE_ACCOUNT, frozenset({account})):
        yield statement.finding(
            "commons-account",
            "whoever takes the bucket's name, once it is free, would feed the team's runs",
            f"add StringEquals {RESOURCE_ACCOUNT} {account}",
            action=action.name,
            resource=resource,
        )
