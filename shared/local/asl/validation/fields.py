"""Which fields each kind of state may have, in each query language.

Held against the tables of AWS's language server (github.com/aws/amazon-states-language-service, 1.16.1). AWS refuses
every other field, and names the state as the place: seen of TimeoutSeconds, Retry and Catch on all kinds that lack
them (github.com/floci-io/floci, issue 2735), and of ResultPath on Wait (github.com/sam-goodwin/functionless, issue
308).
"""

from __future__ import annotations

LANGUAGES = ("JSONPath", "JSONata")
# In the order in which AWS names them.
TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
COMMON = frozenset({"Type", "Comment", "QueryLanguage"})
ONWARD = frozenset({"Next", "End"})
RECOVERY = frozenset({"Retry", "Catch"})
TIMES = frozenset({"TimeoutSeconds", "HeartbeatSeconds"})
TIME_PATHS = frozenset({"TimeoutSecondsPath", "HeartbeatSecondsPath"})
MAP = frozenset(
    {
        "Iterator", "ItemProcessor", "ItemReader", "ItemSelector", "ItemBatcher", "ResultWriter", "MaxConcurrency",
        "ToleratedFailurePercentage", "ToleratedFailureCount", "Label",
    }
)  # fmt: skip

# What a state has in either language.
KINDS: dict[str, frozenset[str]] = {
    "Pass": ONWARD | {"Assign"},
    "Task": ONWARD | RECOVERY | TIMES | {"Assign", "Resource", "Credentials"},
    "Choice": frozenset({"Choices", "Default", "Assign"}),
    "Wait": ONWARD | {"Assign", "Seconds", "Timestamp"},
    "Succeed": frozenset(),
    "Fail": frozenset({"Error", "Cause"}),
    "Parallel": ONWARD | RECOVERY | {"Assign", "Branches"},
    "Map": ONWARD | RECOVERY | MAP | {"Assign"},
}
# What only JSONPath has.
JSONPATH: dict[str, frozenset[str]] = {
    "Pass": frozenset({"InputPath", "OutputPath", "Parameters", "Result", "ResultPath"}),
    "Task": frozenset({"InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath"}) | TIME_PATHS,
    "Choice": frozenset({"InputPath", "OutputPath"}),
    "Wait": frozenset({"InputPath", "OutputPath", "SecondsPath", "TimestampPath"}),
    "Succeed": frozenset({"InputPath", "OutputPath"}),
    "Fail": frozenset({"ErrorPath", "CausePath"}),
    "Parallel": frozenset({"InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath"}),
    "Map": frozenset(
        {
            "InputPath", "OutputPath", "ItemsPath", "Parameters", "ResultSelector", "ResultPath", "MaxConcurrencyPath",
            "ToleratedFailurePercentagePath", "ToleratedFailureCountPath",
        }
    ),
}  # fmt: skip
# What only JSONata has.
JSONATA: dict[str, frozenset[str]] = {
    "Pass": frozenset({"Output"}),
    "Task": frozenset({"Arguments", "Output"}),
    "Choice": frozenset({"Output"}),
    "Wait": frozenset({"Output"}),
    "Succeed": frozenset({"Output"}),
    "Fail": frozenset(),
    "Parallel": frozenset({"Arguments", "Output"}),
    "Map": frozenset({"Items", "Output"}),
}
ONLY_JSONPATH = frozenset().union(*JSONPATH.values())
ONLY_JSONATA = frozenset().union(*JSONATA.values())
KNOWN = ONLY_JSONPATH | ONLY_JSONATA | COMMON | frozenset().union(*KINDS.values())
TOP = frozenset({"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"})
# What the machine inside a Map has; a branch has the first three (github.com/aws/amazon-states-language-service).
BRANCH = frozenset({"Comment", "StartAt", "States"})
PROCESSOR = BRANCH | {"ProcessorConfig"}
RETRIER = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
CATCHER = frozenset({"ErrorEquals", "Next", "Assign", "Comment"})
