"""Where a sign-in may send the browser back to: paths of this Airflow, nothing else."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.~!$&'()*+,;=:@%?\-]*")
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|2[fF]|5[cC]|7[fF])")

LONGEST = 1000
"""Characters a path may have."""


def is_safe(path: str, base_path: str = "") -> bool:
    """Whether ``path`` stays inside this Airflow in every browser.

    A path begins with exactly one slash and holds neither a backslash, a control character, plain or encoded,
    an encoded slash, anything encoded twice nor a dot segment; so no browser reads a host into it.

    :param path: as the browser sent it
    :param base_path: path of ``[api] base_url``: what lies beside it is not this Airflow
    :return: whether the browser may be sent there
    """
    if len(path) > LONGEST or not _PATH.fullmatch(path) or _ENCODED.search(path):
        return False
    before_query = path.split("?", 1)[0]
    segments = unquote(before_query).split("/")
    if "%25" in before_query or "" in segments[1:-1] or any(segment in (".", "..") for segment in segments):
        return False
    base = base_path.rstrip("/")
    return before_query == base or before_query.startswith(f"{base}/")
