"""What usage costs at list prices: an estimate, and called one wherever it is shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from shared.measure.billing.usage import Usage

LABELS = {
    "lambda_requests": ("Lambda requests", ""),
    "lambda_gb_seconds": ("Lambda compute", "GB-s"),
    "storage_gb_seconds": ("Lambda /tmp above 512 MB", "GB-s"),
    "state_transitions": ("Step Functions transitions", ""),
    "express_requests": ("Express executions", ""),
    "express_gb_seconds": ("Express time, at the least", "GB-s"),
    "s3_puts": ("S3 puts and lists", ""),
    "s3_gets": ("S3 gets", ""),
    "dynamodb_writes": ("DynamoDB writes", ""),
    "dynamodb_reads": ("DynamoDB reads", ""),
}


@dataclass(frozen=True, slots=True)
class Prices:
    """A price table: US dollars a unit, under the names of :class:`Usage`; of what region and sources.

    ``date`` is that of the oldest of them, ``logs`` what a GB of logs costs in its first tier; no estimate counts it.
    """

    date: date
    region: str
    source: tuple[str, ...]
    usd: Mapping[str, float]
    logs: float = 0.0

    @property
    def without(self) -> str:
        """What an estimate leaves out."""
        return f"without free tiers, transfer, storage and logs (${self.logs:.2f} a GB)"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill: ``amount`` units at ``price`` make ``usd``."""

    name: str
    amount: float
    price: float
    usd: float


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate in US dollars, item by item; those that were not used are left out."""

    items: tuple[Item, ...]

    @property
    def usd(self) -> float:
        """The total."""
        return sum(item.usd for item in self.items)

    def as_record(self) -> dict[str, Any]:
        """Return it for JSON, with the date of the prices."""
        prices = read_prices()
        return {
            "usd": self.usd,
            "estimate": f"at list prices noted on {prices.date} for {prices.region}",
            "items": [asdict(item) for item in self.items],
        }


@cache
def read_prices() -> Prices:
    """Return the price table that lies beside this module."""
    read = yaml.safe_load(files("shared.measure.billing").joinpath("prices.yaml").read_text(encoding="utf-8"))
    noted = read["prices"]
    oldest = min(each["read"] for each in noted.values())
    usd = {name: each["usd"] for name, each in noted.items()}
    return Prices(oldest, read["region"], tuple(read["pages"].values()), usd, read["logs"][0]["usd"])


def cost_of(usage: Usage, prices: Prices | None = None) -> Cost:
    """Return what *usage* costs."""
    usd = (prices or read_prices()).usd
    amounts = {name: amount for name, amount in asdict(usage).items() if amount}
    return Cost(tuple(Item(name, amount, usd[name], amount * usd[name]) for name, amount in amounts.items()))


def cost_line(cost: Cost) -> str:
    """Return one line for people: the total, and what it is made of, the largest first."""
    parts = sorted(cost.items, key=lambda item: -item.usd)[:3]
    told = ", ".join(f"{LABELS[part.name][0]} {dollars(part.usd)}" for part in parts)
    return f"cost, estimated: {dollars(cost.usd)}" + (f"  ({told})" if told else "")


def dollars(usd: float) -> str:
    """Return an amount of money with at least three figures that count."""
    if usd == 0:
        return "$0"
    if usd >= 100:  # noqa: PLR2004  cents do not matter from here
        return f"${usd:,.0f}"
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.6f}" if usd < 0.01 else f"${usd:.4f}"  # noqa: PLR2004  as above
