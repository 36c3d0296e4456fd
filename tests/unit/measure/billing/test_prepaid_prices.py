"""The ledger's prices are those of the bill, for the ledger travels into Lambda and the table of prices does not."""

from shared.handlers.ledger import prices
from shared.measure.billing.cost import read_prices


def test_the_ledger_reckons_with_the_prices_of_the_bill():
    usd = read_prices().usd
    own = {
        "lambda_requests": prices.LAMBDA_REQUEST_USD,
        "lambda_gb_seconds": prices.LAMBDA_GB_SECOND_USD,
        "storage_gb_seconds": prices.STORAGE_GB_SECOND_USD,
        "state_transitions": prices.TRANSITION_USD,
    }
    assert own == {name: usd[name] for name in own}


def test_a_services_call_is_no_dearer_than_what_is_reserved_for_it():
    usd = read_prices().usd
    writes, reads = 256 * 2 * 2 * usd["dynamodb_writes"], 16 * 1024 / 4 * usd["dynamodb_reads"]
    assert max(writes, reads, usd["s3_puts"]) < prices.SERVICE_CALL_USD
