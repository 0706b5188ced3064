/** The course of one sign-in as data: what happened so far, and what the next event makes of it. */

import type { AccountView, Problem } from "../api/types";
import { t } from "../words/words";

/** Sign-ins nobody finishes are given up after this: the server forgets them then, too. */
export const TIMEOUT_MS = 10 * 60_000;

/**
 * How long the window may look closed before we believe it, in front of a user who is back on our page.  A
 * service that isolates its pages makes the window look closed while it is still in use.
 */
export const CLOSED_MS = 6_000;

export type Flow =
  | { phase: "idle" }
  | { phase: "starting" }
  | { phase: "waiting"; since: number; before: string | null; closedSince: number | null }
  | { phase: "failed"; problem: Problem }
  | { phase: "conflict"; problem: Problem };

export type FlowEvent =
  | { type: "start" }
  | { type: "started"; now: number; before: string | null }
  | { type: "failed"; problem: Problem }
  | { type: "refused"; problem: Problem }
  | { type: "seen"; account: AccountView }
  | { type: "tick"; now: number; windowClosed: boolean; pageFocused: boolean }
  | { type: "dismiss" };

export const IDLE: Flow = { phase: "idle" };

const closed = (): Problem => ({
  code: "window_closed",
  message: t("problem.window_closed"),
  remedy: t("problem.start_again"),
});

const givenUp = (): Problem => ({
  code: "timed_out",
  message: t("problem.timed_out"),
  remedy: t("problem.start_again"),
});

/** A failure that asks a question: the user signed in as somebody else than before. */
const fail = (problem: Problem): Flow => ({
  phase: problem.code === "other_subject" ? "conflict" : "failed",
  problem,
});

function tick(flow: Flow & { phase: "waiting" }, event: FlowEvent & { type: "tick" }): Flow {
  if (event.now - flow.since > TIMEOUT_MS) {
    return fail(givenUp());
  }
  if (!event.windowClosed || !event.pageFocused) {
    return flow.closedSince === null ? flow : { ...flow, closedSince: null };
  }
  if (flow.closedSince === null) {
    return { ...flow, closedSince: event.now };
  }
  return event.now - flow.closedSince > CLOSED_MS ? fail(closed()) : flow;
}

function seen(flow: Flow & { phase: "waiting" }, account: AccountView): Flow {
  if (account.problem?.code === "other_subject") {
    return fail(account.problem);
  }
  const fresh = account.signed_in_at !== null && account.signed_in_at !== flow.before;
  return fresh ? IDLE : flow;
}

/** What an event makes of a flow; events that do not fit leave it as it is. */
export function step(flow: Flow, event: FlowEvent): Flow {
  switch (event.type) {
    case "start":
      return { phase: "starting" };
    case "started":
      return flow.phase === "starting"
        ? { phase: "waiting", since: event.now, before: event.before, closedSince: null }
        : flow;
    case "failed":
      return fail(event.problem);
    case "refused":
      // Said by some sign-in window: of no interest to a page that waits for none.
      return flow.phase === "waiting" ? fail(event.problem) : flow;
    case "seen":
      return flow.phase === "waiting" ? seen(flow, event.account) : flow;
    case "tick":
      return flow.phase === "waiting" ? tick(flow, event) : flow;
    case "dismiss":
      return IDLE;
  }
}
