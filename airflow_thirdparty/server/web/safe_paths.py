"""Where a sign-in may send the browser back to: paths of this Airflow, nothing else."""

from __future__ import annotations

import re

_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.~!$&'()*+,;=:@%?\-]*")
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|2[fF]|5[cC]|7[fF])")


def is_safe(path: str) -> bool:
    """Whether ``path`` stays inside this Airflow in every browser.

    A path begins with exactly one slash and holds neither a backslash, a control character, plain or encoded,
    an encoded slash nor a dot segment; so no browser reads a host into it.
    """
    if len(path) > 1000 or not _PATH.fullmatch(path) or _ENCODED.search(path):
        return False
    before_query = path.split("?", 1)[0]
    decoded = before_query.replace("%2e", ".").replace("%2E", ".")
    return "//" not in before_query and not any(part in (".", "..") for part in decoded.split("/"))
