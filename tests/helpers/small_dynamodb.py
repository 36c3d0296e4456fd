"""DynamoDB as far as the ledger asks it: one table in a dictionary, transactions that happen whole or not at all."""

import copy
import operator
import re

from botocore.exceptions import ClientError

_SIGNS = {"+": operator.add, "-": operator.sub}
_COMPARED = {">=": operator.ge, "=": operator.eq}


class SmallDynamoDB:
    """A client's methods that the ledger calls. What it is asked beyond them, it does not know."""

    def __init__(self):
        self._items = {}

    def get_item(self, *, TableName, Key, ConsistentRead):
        found = self._items.get(_key(Key))
        return {"Item": copy.deepcopy(found)} if found else {}

    def get_paginator(self, name):
        assert name == "query"
        return self

    def paginate(self, *, ExpressionAttributeValues, **_):
        lane, kind = (ExpressionAttributeValues[key]["S"] for key in (":lane", ":kind"))
        found = [item for (own, name), item in self._items.items() if own == lane and name.startswith(kind)]
        yield {"Items": copy.deepcopy(found)}

    def transact_write_items(self, *, TransactItems):
        steps = [next(iter(step.items())) for step in TransactItems]
        held = [self._holds(step) for _, step in steps]
        if not all(held):
            reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
            error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")
        for kind, step in steps:
            if kind == "Put":
                self._items[_key(step["Item"])] = copy.deepcopy(step["Item"])
            elif kind == "Delete":
                del self._items[_key(step["Key"])]
            else:
                self._update(step)

    def _holds(self, step):
        item = self._items.get(_key(step.get("Key") or step["Item"]))
        condition = step.get("ConditionExpression")
        if condition is None:
            return True
        if condition.startswith("attribute_"):
            return (item is not None) == condition.startswith("attribute_exists")
        name, sign, value = condition.split()
        if name.startswith("#"):
            name = step["ExpressionAttributeNames"][name]
            return item is not None and item[name] == step["ExpressionAttributeValues"][value]
        return item is not None and _COMPARED[sign](int(item[name]["N"]), _number(step, value))

    def _update(self, step):
        item = self._items[_key(step["Key"])]
        for change in step["UpdateExpression"].removeprefix("SET ").split(", "):
            name, term = change.split(" = ")
            parts = re.fullmatch(r"(\w+) ([+-]) (:\w+)", term)
            value = _number(step, parts[3] if parts else term)
            before = int(item[parts[1]]["N"]) if parts else 0
            item[name] = {"N": str(_SIGNS[parts[2]](before, value) if parts else value)}


def _key(item):
    return item["lane"]["S"], item["item"]["S"]


def _number(step, name):
    return int(step["ExpressionAttributeValues"][name]["N"])
