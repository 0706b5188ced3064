"""What Python code loads that was not loaded before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

PROGRAM = """
loaded = {}
for name, step in json.loads(sys.argv[1]).items():
    before = set(sys.modules)
    exec(step)
    loaded[name] = sorted(set(sys.modules) - before)
print(json.dumps(loaded))
"""


def loaded_by(steps: Mapping[str, str], after: str) -> Mapping[str, list[str]]:
    """Take one step after the other in a process of its own, and say which modules each has loaded.

    :param steps: Python code, by name
    :param after: Python code that comes first, whose modules do not count
    """
    command = [sys.executable, "-c", f"import json, sys\n{after}{PROGRAM}", json.dumps(steps)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
