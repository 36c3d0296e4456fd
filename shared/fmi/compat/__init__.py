"""What scripts written for the C++ bindings import: the packages ``fmi`` and ``fmilib`` lie in this folder.

They are found by name only with this folder on ``sys.path``, which whoever runs such a script arranges with
:func:`python_path`; so they shadow nothing of the same name elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path


def python_path(existing: str = "") -> str:
    """Return a PYTHONPATH under which a script finds ``fmi`` and ``fmilib``, with *existing* entries after them."""
    here = Path(__file__).parent
    root = here.parents[2]  # the folder that holds the package ``shared``
    return os.pathsep.join([str(here), str(root), *([existing] if existing else [])])
