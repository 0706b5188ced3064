/** The use of a sign-in by a task instance, in words. */

import type { Usage } from "../api/types";

const times = (count: number): string => (count === 1 ? "" : `${count} times, `);

/** "try 2, 3 times, last ": what stands before the time. */
export function usageMessage({ try_number: attempt, times: count }: Usage): string {
  const tried = attempt > 1 ? `try ${attempt}, ` : "";
  return `${tried}${times(count)}${count === 1 ? "" : "last "}`;
}
