"""Keys that other tools' files have and these have not, each with what to do instead."""

from __future__ import annotations

_STARTS = "write schedule: cron(0 2 * * ? *), or on: {bucket: {prefix: incoming/}}"
_PYTHON = "functions are in Python: python: '3.13' at the top of the card; another language needs an image (image:)"
_DISK = "a function's own disk (ephemeralStorage), and the bucket between functions"
_CACHE = "no cache is run for a team: a table (tables:), or the address of your own in environment: and vpc: beside it"

INSTEAD = {
    **dict.fromkeys(("triggers", "events", "schedules", "rules", "eventBridge"), _STARTS),
    **dict.fromkeys(("runtime", "runtimes"), _PYTHON),
    **dict.fromkeys(("fileSystem", "fileSystemConfig", "fileSystemConfigs", "efs"), _DISK),
    **dict.fromkeys(("redis", "elasticache", "cache"), _CACHE),
    **dict.fromkeys(("iamRoleStatements", "policies", "permissions", "iam"), "say what the code uses: uses:"),
}
"""What to do instead of a key, where its name alone tells what is meant."""
