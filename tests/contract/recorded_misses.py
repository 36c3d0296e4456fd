"""The recorded answers that the embedded cloud does not give, by the ends of their names, and why."""

_RACE = "AWS ran the branches side by side, and recorded the order in which their events came that once"
_LOST = "the recording lacks events with which the inner and the outer state end"
_NEWER_MODEL = "Lambda gives 32,768 MB by now, and botocore's model says so; AWS's own had 10,240 when it answered"
_MORE_MEMORY = "aws_sdk_lambda_get_function_task[integer_more_than_maximum_allowed]#validation-exception"
_ONE_ROLE = "the recording has a second role, the replay one: here the update changes nothing, so it is no revision"
_UNDRIVEN = "the recording lacks the worker that took the token from the queue and answered it"

CASES: dict[str, str] = {
    "test_parallel_state[PARALLEL_STATE]#0": _RACE,
    "test_parallel_state_nested#0": _LOST,
}
API: dict[str, str] = {
    "test_create_update_state_machine_base_role_arn": _ONE_ROLE,
    "test_create_update_state_machine_same_parameters": _ONE_ROLE,
}
TESTSTATE: dict[str, str] = {
    f"test_strict_mode_{_MORE_MEMORY}": _NEWER_MODEL,
    f"test_present_mode_{_MORE_MEMORY}": _NEWER_MODEL,
}
TASKS: dict[str, str] = {
    "test_sync_with_task_token#0": _UNDRIVEN,
}
