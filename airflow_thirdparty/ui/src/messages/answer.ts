/** What somebody answered to a task that waited for a person, in words. */

import type { TaskAccount } from "../api/types";

type HumanAnswer = NonNullable<TaskAccount["human_answer"]>;

/** "bob answered this task: Approve, and filled in amount": what stands before the time. */
export function answerMessage({ user_name: user, options, free_input: fields }: Omit<HumanAnswer, "at">): string {
  const who = user === "" ? "Nobody answered this task in time" : `${user} answered this task`;
  const filled = fields.length === 0 ? "" : `, and filled in ${fields.join(", ")}`;
  return `${who}: ${options.join(", ")}${filled},`;
}
