"""Runs the rehearsal and prints what came of it: ``python -m rehearsal``.

Three people trigger runs over the REST API while one service after the other is killed and started again.
Every task asks the identity provider whom it acts for: any answer but who triggered is a wrong user.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rehearsal import play, report
from rehearsal.measuring import Measures
from rehearsal.people import Person, arrive, register
from rehearsal.topology import temporary


def main() -> int:
    """Run it.

    :return: 0 when there was no wrong user, no lost sign-in and no run that failed
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200, help="how many runs the people trigger")
    parser.add_argument(
        "--minutes", type=float, default=0, help="go on triggering for so long, without accidents"
    )
    parser.add_argument("--every", type=float, default=3, help="seconds between two runs of these minutes")
    parser.add_argument(
        "--warm-up", type=float, default=1, help="minutes that the slope of memory leaves out"
    )
    parser.add_argument("--keep", type=Path, help="a new folder to keep logs in")
    wanted = parser.parse_args()
    with temporary(wanted.keep) as topology:
        print("Starting, in the order of docker/compose.yaml:", flush=True)
        with topology.running():
            measures = Measures(topology)
            admin = Person(topology, "admin", topology.secret("admin_password"))
            register(admin, topology)
            people = arrive(admin, topology)
            print(f"{', '.join(people)} have signed in at {topology.issuer}", flush=True)
            with measures.running():
                stage = play.Play(topology, admin, people)
                stage.delegate("bob")
                stage.run(wanted.runs)
                if wanted.minutes:
                    stage.go_on(wanted.minutes * 60, wanted.every)
                outcome = stage.outcome()
            return report.show(outcome, measures, wanted.warm_up * 60)


if __name__ == "__main__":
    sys.exit(main())
