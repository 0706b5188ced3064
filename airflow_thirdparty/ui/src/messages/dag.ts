/** What somebody reads of a DAG's accounts before they trigger it. */

import type { DagAccounts } from "../api/types";
import { t } from "../words/words";

/** "2 of 3 ready to run as you": whether a run of the caller's would be let through everywhere. */
export function readiness({ accounts, missing }: Pick<DagAccounts, "accounts" | "missing">): {
  ready: boolean;
  text: string;
} {
  const count = accounts.length + missing.length;
  const ready = accounts.filter(({ account }) => account.status === "signed_in" && account.problem === null).length;
  if (count === 1) {
    return { ready: ready === 1, text: t(ready === 1 ? "dag.ready" : "dag.not_ready") };
  }
  return { ready: ready === count, text: t("dag.some_ready", { ready, count }) };
}
