/** What somebody reads of a DAG's accounts before they trigger it. */

import type { DagAccounts } from "../api/types";

/** An account that the DAG names and that is not there. */
export const MISSING = {
  label: "There is no such account",
  hint: "It was deleted, or its name is misspelled. Tasks that ask for it fail, whoever triggers them.",
} as const;

/** "2 of 3 accounts are ready to run as you": whether a run of the caller's would be let through everywhere. */
export function readiness({ accounts, missing }: Pick<DagAccounts, "accounts" | "missing">): {
  ready: boolean;
  text: string;
} {
  const all = accounts.length + missing.length;
  const ready = accounts.filter(({ account }) => account.status === "signed_in" && account.problem === null).length;
  if (all === 1) {
    return ready === 1
      ? { ready: true, text: "Ready to run as you" }
      : { ready: false, text: "Not ready to run as you" };
  }
  return { ready: ready === all, text: `${ready} of ${all} ready to run as you` };
}
