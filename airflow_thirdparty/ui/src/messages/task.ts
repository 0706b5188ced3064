/** What to do about a task that was refused an account, and whose move that is. */

import type { TaskAccount, TaskAccountUse } from "../api/types";

/** Refusals that the task's own user puts right by signing in. */
const BY_SIGN_IN = new Set(["sign_in_required", "sign_in_lapsed", "account_changed", "scopes_missing"]);
/** Refusals because the run acts for no user, or not any more: a new run of somebody's own does not. */
const BY_OWN_RUN = new Set(["acting_user_unknown", "rerun_by_other_user", "data_by_other_user"]);
/** Refusals that only an admin of Airflow puts right. */
const BY_ADMIN = new Set(["account_misconfigured", "no_such_account", "account_not_allowed", "not_projected"]);
/** Refusals that end by themselves. */
const BY_WAITING = new Set(["service_unavailable"]);

export const UNDER_WAY = "Airflow runs this task. What becomes of it shows here.";

export type Step =
  | { kind: "sign_in" }
  | { kind: "run_again" }
  | { kind: "own_run"; text: string }
  | { kind: "delegate"; text: string }
  | { kind: "others"; text: string };

/** What is said in the place of a reason that does not hold any more, to the task's own user. */
export function overMessage(use: TaskAccountUse, task: TaskAccount): string | null {
  const code = use.error?.code ?? "";
  if (!task.acting_user.is_me) {
    return null;
  }
  if (BY_SIGN_IN.has(code) && use.account?.status === "signed_in") {
    return "When this task ran, it could not act as you. You are signed in now.";
  }
  return BY_OWN_RUN.has(code) ? "When this task ran, it acted for no user. It acts as you now." : null;
}

function byOwnRun({ started_by: how }: TaskAccount): Step {
  if (how === "schedule" || how === "asset_events") {
    return { kind: "delegate", text: "Such runs have no user of their own: they act for whoever lets them." };
  }
  return { kind: "own_run", text: "This run stays without a user. A run that you trigger acts as you." };
}

/** What comes next after a refusal; null when there was none, or nobody can tell. */
export function nextStep(use: TaskAccountUse, task: TaskAccount): Step | null {
  const code = use.error?.code ?? "";
  const { user_name: user, is_me: isMe, delegated } = task.acting_user;
  if (BY_SIGN_IN.has(code) && isMe && use.account) {
    return { kind: "sign_in" };
  }
  if (BY_SIGN_IN.has(code) && user !== null && !isMe) {
    const then = delegated ? "The next run then goes ahead." : "Then they run this task again, here.";
    return { kind: "others", text: `It is ${user}'s move: only ${user} can sign in, on the page Accounts. ${then}` };
  }
  if (BY_OWN_RUN.has(code)) {
    return isMe ? { kind: "run_again" } : byOwnRun(task);
  }
  if (BY_ADMIN.has(code)) {
    return { kind: "others", text: "It is an Airflow admin's move: they find it under Administration on the page Accounts." };
  }
  if (BY_WAITING.has(code)) {
    return isMe
      ? { kind: "run_again" }
      : { kind: "others", text: `It is nobody's move: this passes by itself. ${user ?? "Its user"} can run the task again.` };
  }
  return null;
}
