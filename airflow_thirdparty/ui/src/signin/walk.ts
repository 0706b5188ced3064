/** The walk through several sign-ins in one window, as data. */

import type { AccountView, Problem } from "../api/types";

export type Walk =
  | { phase: "idle" }
  | { phase: "under_way"; done: readonly string[]; rest: readonly AccountView[] }
  | { phase: "stopped"; problem: Problem | null };

export type WalkEvent =
  | { type: "start"; accounts: readonly AccountView[] }
  | { type: "signed_in"; connId: string }
  | { type: "failed"; problem: Problem }
  | { type: "closed" }
  | { type: "cancel" };

export const IDLE: Walk = { phase: "idle" };

/** What an event makes of a walk: who has signed in goes on to the next, a failure ends it. */
export function step(walk: Walk, event: WalkEvent): Walk {
  switch (event.type) {
    case "start":
      return event.accounts.length === 0 ? IDLE : { phase: "under_way", done: [], rest: event.accounts };
    case "signed_in": {
      if (walk.phase !== "under_way" || walk.rest[0]?.conn_id !== event.connId) {
        return walk;
      }
      const [, ...rest] = walk.rest;
      return rest.length === 0 ? IDLE : { phase: "under_way", done: [...walk.done, event.connId], rest };
    }
    case "failed":
      return walk.phase === "under_way" ? { phase: "stopped", problem: event.problem } : walk;
    case "closed":
      return walk.phase === "under_way" ? { phase: "stopped", problem: null } : walk;
    case "cancel":
      return IDLE;
  }
}
