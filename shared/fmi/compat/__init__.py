"""What scripts written for FMI's C++ bindings import: the packages ``fmi`` and ``fmilib`` lie in this folder.

Both are thin. A ``fmi.Communicator`` holds a :class:`shared.fmi.Communicator`; it reads FMI's JSON configuration and
turns the bindings' ints, doubles and lists into arrays and back. New code is better off with ``shared.fmi`` itself.

The two packages are found by name only where this folder is on ``sys.path``. Whoever runs such a script puts it there
with :func:`python_path`. So they hide no other package of the same name.
"""

from __future__ import annotations

import os
from pathlib import Path


def python_path(existing: str = "") -> str:
    """Return a PYTHONPATH with which a script finds ``fmi`` and ``fmilib``; *existing* entries come after them."""
    here = Path(__file__).parent
    root = here.parents[2]  # the folder that holds the package ``shared``
    return os.pathsep.join([str(here), str(root), *([existing] if existing else [])])
