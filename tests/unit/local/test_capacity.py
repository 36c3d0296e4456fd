"""How many functions a machine carries, and what binds it."""

import subprocess
import sys

import pytest

from shared.local.capacity import Capacity, Facts, carried, read_facts

MB = 2**20
PLENTY = {"memory": 10**12, "descriptors": None, "tasks": None, "cpus": 2}

LIMITS = """
import resource
from shared.local.capacity import raise_soft_limits
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
raise_soft_limits()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def binding(**facts):
    found = carried(Facts(**{**PLENTY, **facts}))
    return found.environments, found.bound.partition(" (")[0]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (1000, "the account")),
        ({"memory": (256 + 960) * MB}, (10, "memory")),
        ({"memory": 0}, (1, "memory")),
        ({"descriptors": 4096}, (128, "descriptors")),
        ({"descriptors": 256}, (1, "descriptors")),
        ({"tasks": 64 + 800, "cpus": 4}, (80, "processes and threads")),
        ({"descriptors": 4096, "memory": (256 + 960) * MB}, (10, "memory")),
    ],
)
def test_what_there_is_least_of_binds(facts, expected):
    assert binding(**facts) == expected


def test_one_line_tells_it():
    assert str(carried(Facts(**{**PLENTY, "descriptors": 4096}))) == (
        "128 functions at once, bound by descriptors (4,096 at most, 30 each)"
    )
    assert str(Capacity(1, "the test")) == "1 functions at once, bound by the test"


@pytest.fixture
def machine(tmp_path):
    """Return a function that makes a machine's /proc and /sys of files, with 8,000 MB available."""

    def make(files):
        for name, text in {"proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 8192000 kB\n", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_facts(tmp_path)

    return make


def test_a_machine_without_groups_has_what_is_available(machine):
    assert machine({}).memory == 8000 * MB


def test_the_groups_of_version_2_bind_and_those_above_them(machine):
    facts = machine(
        {
            "proc/self/cgroup": "0::/user/login\n",
            "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/user/login/memory.max": "max\n",
            "sys/fs/cgroup/user/login/pids.max": "500\n",
            "sys/fs/cgroup/user/login/pids.current": "20\n",
            "sys/fs/cgroup/user/memory.max": f"{1000 * MB}\n",
            "sys/fs/cgroup/user/memory.current": f"{600 * MB}\n",
            "sys/fs/cgroup/user/memory.stat": f"anon 7\ninactive_file {100 * MB}\n",
        }
    )
    assert (facts.memory, facts.tasks) == (500 * MB, 480)


def test_the_groups_of_version_1_bind_as_a_container_sees_them(machine):
    """A container's own group is mounted as the root, and its path names what lies outside."""
    facts = machine(
        {
            "proc/self/cgroup": "8:pids:/docker/abc\n4:memory:/docker/abc\n2:cpu:/docker/abc\n",
            "proc/self/mountinfo": (
                "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw master:1 - cgroup cgroup rw,memory\n"
                "39 31 0:36 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
            ),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2000 * MB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{600 * MB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {100 * MB}\n",
            "sys/fs/cgroup/pids/pids.max": "100\n",
            "sys/fs/cgroup/pids/pids.current": "40\n",
        }
    )
    assert (facts.memory, facts.tasks) == (1500 * MB, 60)


def test_a_container_that_is_full_has_nothing_left(machine):
    facts = machine(
        {
            "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/memory.max": f"{100 * MB}\n",
            "sys/fs/cgroup/memory.current": f"{101 * MB}\n",
        }
    )
    assert facts.memory == 0
    assert carried(facts).environments == 1


def test_soft_limits_are_raised_to_the_hard_ones():
    done = subprocess.run([sys.executable, "-c", LIMITS.format(hard=2048)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2048", "2048"]
