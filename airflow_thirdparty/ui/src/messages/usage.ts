/** The use of a sign-in by a task instance, in words. */

import type { Usage } from "../api/types";
import { t } from "../words/words";

/** "try 2, 3 times, last 5 minutes ago". */
export function usageMessage({ try_number: attempt, times: count }: Usage, when: string): string {
  return [
    ...(attempt > 1 ? [t("uses.try", { number: attempt })] : []),
    ...(count > 1 ? [t("uses.times", { count }), t("uses.last", { when })] : [when]),
  ].join(t("list.comma"));
}
