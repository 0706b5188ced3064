/** What to do about a task that was refused an account, and whose move that is. */

import type { TaskAccount, TaskAccountUse } from "../api/types";
import { listed, t } from "../words/words";

/** Refusals that the task's own user puts right by signing in. */
const BY_SIGN_IN = new Set(["sign_in_required", "sign_in_lapsed", "account_changed", "scopes_missing"]);
/** Refusals because the run acts for no user, or not any more: a new run of somebody's own does not. */
const BY_OWN_RUN = new Set(["acting_user_unknown", "rerun_by_other_user", "data_by_other_user"]);
/** Refusals that only an admin of Airflow puts right. */
const BY_ADMIN = new Set(["account_misconfigured", "no_such_account", "account_not_allowed", "not_projected"]);
/** Refusals that end by themselves. */
const BY_WAITING = new Set(["service_unavailable"]);

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
    return t("task.over.signed_in");
  }
  return BY_OWN_RUN.has(code) ? t("task.over.acts") : null;
}

function byOwnRun({ started_by: how }: TaskAccount): Step {
  if (how === "schedule" || how === "asset_events") {
    return { kind: "delegate", text: t("task.move.let") };
  }
  return { kind: "own_run", text: t("task.move.own_run") };
}

/** What comes next after a refusal; null when there was none, or nobody can tell. */
export function nextStep(use: TaskAccountUse, task: TaskAccount): Step | null {
  const code = use.error?.code ?? "";
  const { user_name: user, is_me: isMe, delegated } = task.acting_user;
  if (BY_SIGN_IN.has(code) && isMe && use.account) {
    return { kind: "sign_in" };
  }
  if (BY_SIGN_IN.has(code) && user !== null && !isMe) {
    return { kind: "others", text: t(delegated ? "task.move.delegate" : "task.move.theirs", { user }) };
  }
  if (BY_OWN_RUN.has(code)) {
    return isMe ? { kind: "run_again" } : byOwnRun(task);
  }
  if (BY_ADMIN.has(code)) {
    return { kind: "others", text: t("task.move.admin") };
  }
  if (BY_WAITING.has(code)) {
    return isMe
      ? { kind: "run_again" }
      : { kind: "others", text: t("task.move.nobody", { user: user ?? t("task.move.its_user") }) };
  }
  return null;
}

type HumanAnswer = NonNullable<TaskAccount["human_answer"]>;

/** "bob answered this task: Approve, and filled in amount, 3 minutes ago". */
export function answerMessage({ user_name: user, options, free_input: fields }: HumanAnswer, when: string): string {
  const values = { user, options: listed(options), fields: listed(fields), when };
  if (user === "") {
    return t("task.unanswered", values);
  }
  return t(fields.length === 0 ? "task.answered" : "task.answered_freely", values);
}

/** What became of an account: handed out, and for whom, or refused. */
export function outcomeLabel({ outcome, user_name: user }: TaskAccountUse): string {
  if (outcome === "refused") {
    return t("task.refused");
  }
  return user === null ? t("task.handed_out") : t("task.handed_out_for", { user });
}
