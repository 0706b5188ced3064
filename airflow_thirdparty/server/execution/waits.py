"""Whether a hook of another provider may be told to ask again.

After a 503 a worker's client tries again a few times.  What follows the last one is *not found*, and some
hooks then go on as somebody else.  So its last try is refused.
"""

from __future__ import annotations

import logging

from airflow.configuration import conf

from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.store.waits import count_wait

log = logging.getLogger(__name__)

USUAL_TRIES = 5
"""How often a worker's client tries, as Airflow comes."""


async def may_wait(ti_id: str, conn_id: str) -> bool:
    """Count a wait of a task instance, and say whether its client tries again after it.

    Workers whose own ``[workers] execution_api_retries`` is lower than the API server's are told to wait once
    too often.

    :param ti_id: the task instance
    :param conn_id: id of the account
    :return: whether there is another try
    """
    tries = conf.getint("workers", "execution_api_retries", fallback=USUAL_TRIES)
    try:
        return await in_database(count_wait, ti_id=ti_id, conn_id=conn_id, now=utcnow()) < tries
    except Exception:  # what cannot be counted may be the last one
        log.warning("A wait for the account '%s' could not be counted", conn_id, exc_info=True)
        return False
