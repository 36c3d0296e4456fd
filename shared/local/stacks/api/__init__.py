"""CloudFormation's operations, as far as they are done here; each takes a call and returns what answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.stacks.api import change_sets, stacks, templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.stacks.api.asked import Asked

OPERATIONS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "CancelUpdateStack": stacks.cancel_update_stack,
    "CreateChangeSet": change_sets.create_change_set,
    "CreateStack": stacks.create_stack,
    "DeleteChangeSet": change_sets.delete_change_set,
    "DeleteStack": stacks.delete_stack,
    "DescribeChangeSet": change_sets.describe_change_set,
    "DescribeStackEvents": stacks.describe_stack_events,
    "DescribeStackResource": stacks.describe_stack_resource,
    "DescribeStackResources": stacks.describe_stack_resources,
    "DescribeStacks": stacks.describe_stacks,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "GetStackPolicy": stacks.get_stack_policy,
    "GetTemplate": templates.get_template,
    "GetTemplateSummary": templates.get_template_summary,
    "ListChangeSets": change_sets.list_change_sets,
    "ListExports": stacks.list_exports,
    "ListImports": stacks.list_imports,
    "ListStackResources": stacks.list_stack_resources,
    "ListStacks": stacks.list_stacks,
    "UpdateStack": stacks.update_stack,
    "UpdateTerminationProtection": stacks.update_termination_protection,
    "ValidateTemplate": templates.validate_template,
}
"""By AWS's names."""
