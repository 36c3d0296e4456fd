"""What usage costs at list prices. It is an estimate, and is called one wherever it is shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from shared.measure.billing.requests import summed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shared.measure.billing.usage import Usage
    from shared.values import Json

_LABELS = {  # what each amount is called, and its unit if it is no count
    "lambda_requests": ("Lambda requests", ""),
    "lambda_gb_seconds": ("Lambda compute", "GB-s"),
    "storage_gb_seconds": ("Lambda /tmp above 512 MB", "GB-s"),
    "state_transitions": ("Step Functions transitions", ""),
    "express_requests": ("Express executions", ""),
    "express_gb_seconds": ("Express time", "GB-s"),
    "log_gb": ("CloudWatch, logs taken in", "GB"),
    "s3_puts": ("S3 puts and lists", ""),
    "s3_gets": ("S3 gets", ""),
    "dynamodb_writes": ("DynamoDB writes", ""),
    "dynamodb_reads": ("DynamoDB reads", ""),
    "sqs_requests": ("SQS requests", ""),
    "sns_requests": ("SNS requests", ""),
    "events": ("EventBridge events", ""),
    "secrets_requests": ("Secrets Manager requests", ""),
    "kms_requests": ("KMS requests", ""),
}

_DECIMALS = ((100, 0), (1, 2), (0.01, 4))  # from so many dollars on, so many decimals
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Prices:
    """A price table: US dollars for each unit, under the names of :class:`Usage`, with their region and their sources.

    ``date`` is the day on which the oldest of them was noted.
    """

    date: date
    region: str
    source: tuple[str, ...]
    usd: Mapping[str, float]

    @property
    def told(self) -> str:
        """What to say beside an estimate: whose prices it takes, and what it leaves out."""
        return (
            f"an estimate: list prices noted on {self.date} for {self.region}, first tiers, "
            "without free tiers, transfer and storage"
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill: ``amount`` units at ``price`` make ``usd``."""

    name: str
    amount: float
    price: float
    usd: float

    @property
    def label(self) -> str:
        """What it is called."""
        return _LABELS[self.name][0]

    @property
    def quantity(self) -> str:
        """The amount as text, with its unit."""
        unit = _LABELS[self.name][1]
        decimals = 3 if self.amount >= 1 else 6
        return f"{self.amount:,.{decimals}f} {unit}" if unit else f"{self.amount:,.0f}"


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate in US dollars, item by item. What was not used is left out.

    Attributes:
        items: What it is made of.
        untold: Invocations whose requests to other services are not in it, since nobody counted them.
        unpriced: Requests that have no price, by ``service:Operation``: they are not in it either.
    """

    items: tuple[Item, ...]
    untold: int = 0
    unpriced: tuple[tuple[str, float], ...] = ()

    @property
    def usd(self) -> float:
        """The total."""
        return sum(item.usd for item in self.items)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is not in it, in sentences for people."""
        return lacking([self])

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON, with the date of the prices."""
        prices = read_prices()
        return {
            "usd": self.usd,
            "estimate": f"at list prices noted on {prices.date} for {prices.region}",
            "items": [asdict(item) for item in self.items],
            "invocations_with_requests_untold": self.untold,
            "requests_without_price": dict(self.unpriced),
        }


@cache
def read_prices() -> Prices:
    """Return the price table, the file beside this module."""
    read = yaml.safe_load(files("shared.measure.billing").joinpath("prices.yaml").read_text(encoding="utf-8"))
    noted = read["prices"]
    oldest = min(each["read"] for each in noted.values())
    usd = {name: each["usd"] for name, each in noted.items()}
    return Prices(oldest, read["region"], tuple(read["pages"].values()), usd)


def cost_of(usage: Usage, prices: Prices | None = None) -> Cost:
    """Return what *usage* costs."""
    usd = (prices or read_prices()).usd
    amounts = {name: amount for name, amount in usage.priced().items() if amount}
    items = tuple(Item(name, amount, usd[name], amount * usd[name]) for name, amount in amounts.items())
    return Cost(items, round(usage.untold), usage.unpriced)


def lacking(costs: Sequence[Cost]) -> tuple[str, ...]:
    """Return what is in none of *costs*, in sentences for people."""
    told = []
    if untold := sum(cost.untold for cost in costs):
        count = "1 invocation" if untold == 1 else f"{untold:,} invocations"
        told.append(
            f"not in it: what {count} of functions asked of S3, DynamoDB, SQS and others, which no log on AWS "
            "tells; lanes cost --all --billed shows what AWS billed"
        )
    if unpriced := summed(pair for cost in costs for pair in cost.unpriced):
        named = ", ".join(f"{name} {count:,.0f}" for name, count in unpriced)
        told.append(f"not in it, for no price is known here: {named}")
    return tuple(told)


def cost_line(cost: Cost) -> str:
    """Return one line for people: the total, and its three largest items."""
    parts = sorted(cost.items, key=lambda item: -item.usd)[:3]
    told = ", ".join(f"{part.label} {dollars(part.usd)}" for part in parts)
    return f"cost, estimated: {dollars(cost.usd)}" + (f"  ({told})" if told else "")


def with_express(cost: Cost, change: Usage) -> float:
    """Return what would have been paid instead of *cost*, had children been express: *change* is what that changes."""
    usd = read_prices().usd
    return cost.usd + sum(amount * usd[name] for name, amount in change.priced().items())


def dollars(usd: float) -> str:
    """Return an amount of money as text, with about three significant figures."""
    if usd == 0:
        return "$0"
    places = next((places for least, places in _DECIMALS if usd >= least), _MOST_DECIMALS)
    return f"${usd:,.{places}f}"
