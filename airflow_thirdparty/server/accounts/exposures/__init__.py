"""How hooks of other providers find their credential: data, one file a kind of hook.

An *entry* says what connection a hook gets: its type, host, port, login, password and extra.  The values are
templates, see :mod:`.templates`.
"""

from __future__ import annotations

from airflow_thirdparty.server.accounts.exposures.entries import Entry, EntryOption, find, names

__all__ = ["Entry", "EntryOption", "find", "names"]
