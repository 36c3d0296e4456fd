"""Random changes and reads of a table beside a plain model of it: a list that is filtered and sorted."""

from __future__ import annotations

from decimal import Decimal

import boto3
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from moto import mock_aws

from shared.local import dynamodb
from tests.unit.local.dynamodb.conftest import KEYS, TABLE, make_table

hashes = st.sampled_from(["a", "b", "ab"])
ranges = st.sampled_from(["1", "2", "10", "-3", "2.5"])
groups = st.none() | st.sampled_from(["x", "y"])
numbers = st.none() | st.sampled_from(["1", "2", "10"])
letters = st.none() | st.sampled_from(["l", "la", "lb", "m"])
COMPARISONS = {
    "=": lambda value, one, two: value == one,
    "<": lambda value, one, two: value < one,
    "<=": lambda value, one, two: value <= one,
    ">": lambda value, one, two: value > one,
    ">=": lambda value, one, two: value >= one,
    "BETWEEN": lambda value, one, two: one <= value <= two,
}


def attributes(p, r, g, n, letter):
    given = {"p": {"S": p}, "r": {"N": r}, "g": g and {"S": g}, "n": n and {"N": n}, "l": letter and {"S": letter}}
    return {name: value for name, value in given.items() if value}


def plain(item, name):
    ((kind, value),) = item[name].items()
    return Decimal(value) if kind == "N" else value


class Tables(RuleBasedStateMachine):
    """A table of moto's with our reads, and a dictionary."""

    @initialize()
    def begin(self):
        self.stack = [mock_aws(), dynamodb.install()]
        for each in self.stack:
            each.__enter__()
        self.client = boto3.client("dynamodb", **KEYS)
        make_table(self.client)
        self.model = {}

    def teardown(self):
        for each in reversed(getattr(self, "stack", [])):
            each.__exit__(None, None, None)

    @rule(p=hashes, r=ranges, g=groups, n=numbers, letter=letters)
    def put(self, p, r, g, n, letter):
        item = attributes(p, r, g, n, letter)
        self.client.put_item(TableName=TABLE, Item=item)
        self.model[p, Decimal(r)] = item

    @rule(p=hashes, r=ranges, g=groups, n=numbers)
    def update(self, p, r, g, n):
        changes = {"g": g and {"S": g}, "n": n and {"N": n}}
        sets = [f"#{name} = :{name}" for name, value in changes.items() if value]
        drops = [f"#{name}" for name, value in changes.items() if not value]
        expression = (f"SET {', '.join(sets)} " if sets else "") + (f"REMOVE {', '.join(drops)}" if drops else "")
        values = {f":{name}": value for name, value in changes.items() if value}
        self.client.update_item(
            TableName=TABLE,
            Key={"p": {"S": p}, "r": {"N": r}},
            UpdateExpression=expression,
            ExpressionAttributeNames={"#g": "g", "#n": "n"},
            **({"ExpressionAttributeValues": values} if values else {}),
        )
        before = self.model.get((p, Decimal(r)), {"p": {"S": p}, "r": {"N": r}})
        kept = {name: value for name, value in before.items() if name not in changes}
        self.model[p, Decimal(r)] = kept | {name: value for name, value in changes.items() if value}

    @rule(p=hashes, r=ranges)
    def delete(self, p, r):
        self.client.delete_item(TableName=TABLE, Key={"p": {"S": p}, "r": {"N": r}})
        self.model.pop((p, Decimal(r)), None)

    @rule(p=hashes, r=ranges, g=groups)
    def put_if_new(self, p, r, g):
        asked = {"TableName": TABLE, "Item": attributes(p, r, g, "1", None)}
        try:
            self.client.put_item(**asked, ConditionExpression="attribute_not_exists(p)")
        except ClientError:
            assert (p, Decimal(r)) in self.model
        else:
            assert (p, Decimal(r)) not in self.model
            self.model[p, Decimal(r)] = asked["Item"]

    @rule(p=hashes, first=ranges, second=ranges, g=groups, fails=st.booleans())
    def transact(self, p, first, second, g, fails):
        if Decimal(first) == Decimal(second):
            return
        put = {"Put": {"TableName": TABLE, "Item": attributes(p, first, g, "2", "l")}}
        key = {"p": {"S": p}, "r": {"N": second}}
        delete = {"Delete": {"TableName": TABLE, "Key": key}}
        if fails:
            delete["Delete"]["ConditionExpression"] = "attribute_exists(nothing)"
        try:
            self.client.transact_write_items(TransactItems=[put, delete])
        except ClientError:
            assert fails
            return
        assert not fails
        self.model[p, Decimal(first)] = put["Put"]["Item"]
        self.model.pop((p, Decimal(second)), None)

    @rule(
        p=hashes,
        comparison=st.none() | st.sampled_from([*COMPARISONS]),
        one=ranges,
        two=ranges,
        forward=st.booleans(),
        limit=st.none() | st.integers(1, 3),
    )
    def query(self, p, comparison, one, two, forward, limit):
        asked = {"p": {"S": p}}
        self._compare(None, asked, ("r", comparison, {"N": one}, {"N": two}), forward, limit)

    @rule(g=st.sampled_from(["x", "y"]), comparison=st.none() | st.sampled_from([*COMPARISONS]), forward=st.booleans())
    def query_index(self, g, comparison, forward):
        self._compare("by_g", {"g": {"S": g}}, ("n", comparison, {"N": "2"}, {"N": "10"}), forward, 2)

    @rule(p=hashes, prefix=st.sampled_from(["l", "la", "z"]), forward=st.booleans())
    def query_local_index(self, p, prefix, forward):
        wanted = [
            item
            for item in self.model.values()
            if item["p"]["S"] == p and item.get("l", {"S": ""})["S"].startswith(prefix)
        ]
        wanted.sort(key=lambda item: (plain(item, "l"), plain(item, "r")), reverse=not forward)
        found, _ = self._pages(
            "by_l",
            forward,
            2,
            KeyConditionExpression="p = :p AND begins_with(l, :l)",
            ExpressionAttributeValues={":p": {"S": p}, ":l": {"S": prefix}},
        )
        assert found == [{name: item[name] for name in ("p", "r", "l")} for item in wanted]

    def _compare(self, index, hash_, range_, forward, limit):
        ((name, value),) = hash_.items()
        by, comparison, one, two = range_
        held = [item for item in self.model.values() if item.get(name) == value and by in item]
        if comparison:
            low, high = (plain({"v": each}, "v") for each in (one, two))
            if comparison == "BETWEEN" and low > high:
                return
            held = [item for item in held if COMPARISONS[comparison](plain(item, by), low, high)]
        held.sort(key=lambda item: (plain(item, by), plain(item, "p"), plain(item, "r")), reverse=not forward)
        condition = f"{name} = :h" + (
            "" if not comparison else f" AND {by} {comparison} :one" + (" AND :two" if comparison == "BETWEEN" else "")
        )
        values = {":h": value, **({":one": one} if comparison else {})}
        if comparison == "BETWEEN":
            values[":two"] = two
        found, sizes = self._pages(
            index, forward, limit, KeyConditionExpression=condition, ExpressionAttributeValues=values
        )
        assert found == held
        assert limit is None or all(size == limit for size in sizes[:-1])

    def _pages(self, index, forward, limit, **asked):
        found, sizes = [], []
        more = {"IndexName": index} if index else {}
        more |= {"Limit": limit} if limit else {}
        while True:
            page = self.client.query(TableName=TABLE, ScanIndexForward=forward, **more, **asked)
            found += page["Items"]
            sizes.append(page["ScannedCount"])
            if "LastEvaluatedKey" not in page:
                return found, sizes
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    @invariant()
    def everything_is_there(self):
        if not hasattr(self, "model"):
            return
        scanned = self.client.scan(TableName=TABLE)["Items"]
        order = sorted(self.model.values(), key=lambda item: (plain(item, "p"), plain(item, "r")))
        assert scanned == order
        assert self.client.scan(TableName=TABLE, IndexName="by_g", Select="COUNT")["Count"] == sum(
            "g" in item and "n" in item for item in order
        )


TestTables = Tables.TestCase
TestTables.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
