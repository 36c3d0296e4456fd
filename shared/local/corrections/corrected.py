"""All corrections of moto, switched on together. Each one has a module of its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from shared.local.corrections.account_settings import account_settings_told
from shared.local.corrections.asynchronous_settings import asynchronous_settings_kept
from shared.local.corrections.aws_policies import aws_policies_known
from shared.local.corrections.bucket_acls import acls_held_to_ownership
from shared.local.corrections.bucket_names import reserved_names_refused
from shared.local.corrections.bucket_policy import left_to_iam
from shared.local.corrections.budgets import budgets_told
from shared.local.corrections.code_versions import versions_of_code_read
from shared.local.corrections.condition_expressions import bad_expressions_refused
from shared.local.corrections.connections import secrets_of_connections_kept
from shared.local.corrections.consumed_capacity import capacity_told_when_asked
from shared.local.corrections.event_buses import event_buses_asked_rightly
from shared.local.corrections.forgotten import gone_things_forgotten
from shared.local.corrections.function_lists import function_lists_paged
from shared.local.corrections.function_names import functions_found_by_their_names
from shared.local.corrections.function_policies import function_policies_written
from shared.local.corrections.function_settings import function_settings_kept
from shared.local.corrections.function_versions import versions_kept
from shared.local.corrections.item_answers import items_answered_as_they_are
from shared.local.corrections.malformed_xml import malformed_xml_refused
from shared.local.corrections.missing_members import missing_members_refused
from shared.local.corrections.new_buckets import tags_of_new_buckets_kept
from shared.local.corrections.object_encryption import encryption_of_objects_told
from shared.local.corrections.policy_sizes import long_policies_refused
from shared.local.corrections.published import publishing_refused
from shared.local.corrections.queue_encryption import queues_encrypted_once
from shared.local.corrections.queue_lists import queues_listed_by_plain_prefixes
from shared.local.corrections.queue_policies import queue_policies_kept
from shared.local.corrections.secret_names import bad_secret_names_refused
from shared.local.corrections.subscriptions import mail_confirmed_first
from shared.local.corrections.table_changes import table_changes_checked
from shared.local.corrections.topic_functions import functions_told_by_topics
from shared.local.corrections.user_boundaries import user_boundaries_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORRECTIONS = (
    account_settings_told,
    acls_held_to_ownership,
    asynchronous_settings_kept,
    aws_policies_known,
    bad_expressions_refused,
    bad_secret_names_refused,
    budgets_told,
    capacity_told_when_asked,
    encryption_of_objects_told,
    event_buses_asked_rightly,
    function_lists_paged,
    function_policies_written,
    function_settings_kept,
    functions_found_by_their_names,
    functions_told_by_topics,
    gone_things_forgotten,
    items_answered_as_they_are,
    left_to_iam,
    long_policies_refused,
    mail_confirmed_first,
    malformed_xml_refused,
    missing_members_refused,
    publishing_refused,
    queue_policies_kept,
    queues_encrypted_once,
    queues_listed_by_plain_prefixes,
    reserved_names_refused,
    secrets_of_connections_kept,
    table_changes_checked,
    tags_of_new_buckets_kept,
    user_boundaries_kept,
    versions_kept,
    versions_of_code_read,
)


@contextmanager
def moto_corrected() -> Iterator[None]:
    """Have moto answer as AWS does, in the calls that deploys make, while the block lasts."""
    with ExitStack() as switched_on:
        for correction in _CORRECTIONS:
            switched_on.enter_context(correction())
        yield
