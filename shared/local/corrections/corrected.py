"""All corrections of moto, switched on together. Each one has a module of its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from shared.local.corrections.account_settings import account_settings_told
from shared.local.corrections.aws_policies import aws_policies_known
from shared.local.corrections.bucket_names import reserved_names_refused
from shared.local.corrections.bucket_policy import left_to_iam
from shared.local.corrections.budgets import budgets_told
from shared.local.corrections.function_names import functions_found_by_partial_arns
from shared.local.corrections.function_policies import function_policies_written
from shared.local.corrections.function_settings import function_settings_kept
from shared.local.corrections.missing_members import missing_members_refused
from shared.local.corrections.new_buckets import tags_of_new_buckets_kept
from shared.local.corrections.queue_policies import queue_policies_kept
from shared.local.corrections.subscriptions import mail_confirmed_first
from shared.local.corrections.table_changes import table_changes_checked
from shared.local.corrections.user_boundaries import user_boundaries_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORRECTIONS = (
    account_settings_told,
    aws_policies_known,
    budgets_told,
    function_policies_written,
    function_settings_kept,
    functions_found_by_partial_arns,
    left_to_iam,
    mail_confirmed_first,
    missing_members_refused,
    queue_policies_kept,
    reserved_names_refused,
    table_changes_checked,
    tags_of_new_buckets_kept,
    user_boundaries_kept,
)


@contextmanager
def moto_corrected() -> Iterator[None]:
    """Have moto answer as AWS does, in the calls that deploys make, while the block lasts."""
    with ExitStack() as switched_on:
        for correction in _CORRECTIONS:
            switched_on.enter_context(correction())
        yield
