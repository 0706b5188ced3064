/** A user's consent that runs without a user act with their account: words and form. */

import type { Delegation, DelegationWish } from "../api/types";
import { dayOf, distance, endOfDay } from "./time";

/** What the form holds: dates as a date field has them. */
export interface DelegationForm {
  scheduled: boolean;
  asset_events: boolean;
  until: string;
  pinned: boolean;
}

export const formOf = (mine: Delegation | null): DelegationForm => ({
  scheduled: mine?.scheduled ?? false,
  asset_events: mine?.asset_events ?? false,
  until: dayOf(mine?.expires_at ?? null),
  pinned: mine?.pinned ?? true,
});

export const wishOf = (connId: string, form: DelegationForm): DelegationWish => ({
  conn_id: connId,
  scheduled: form.scheduled,
  asset_events: form.asset_events,
  expires_at: endOfDay(form.until),
  pinned: form.pinned,
});

const runs = ({ scheduled, asset_events: events }: Delegation): string =>
  scheduled && events ? "Scheduled runs and asset events" : events ? "Runs started by asset events" : "Scheduled runs";

/** One line on the present consent. */
export function delegationWords(mine: Delegation | null, now: number): string {
  if (mine === null) {
    return "Scheduled runs do not act as you.";
  }
  if (mine.state === "expired") {
    return "Your consent for scheduled runs has ended.";
  }
  if (mine.state === "code_changed") {
    return "Paused: the DAG's code changed since you agreed.";
  }
  const end = mine.expires_at === null ? "" : `, ends ${distance(mine.expires_at, now)}`;
  return `${runs(mine)} act as you${end}.`;
}
