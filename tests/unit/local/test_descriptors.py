"""The embedded cloud raises its own soft limit of descriptors; a function has Lambda's."""

import subprocess
import sys

CODE = """
import resource
from shared.local.descriptors import make_room, ranks_held
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
make_room(60)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], ranks_held())
"""


def limits(hard):
    done = subprocess.run([sys.executable, "-c", CODE.format(hard=hard)], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_the_soft_limit_is_raised_to_what_the_ranks_take():
    assert limits(4096) == [256 + 60 * 30, (4096 - 256) // 30]


def test_past_the_hard_limit_fewer_ranks_are_held():
    assert limits(1024) == [1024, 25]
