/** A user's consent that runs without a user act with their account: words and form. */

import type { Delegation, DelegationList, DelegationRequest } from "../api/types";
import { listed, t } from "../words/words";
import { dayOf, distance, endOfDay } from "./time";

/** What the form holds: dates as a date field has them. */
export interface DelegationForm {
  scheduled: boolean;
  asset_events: boolean;
  until: string;
  pinned: boolean;
}

export const formOf = (mine: Delegation | null, starters: Starters): DelegationForm => ({
  scheduled: mine?.scheduled ?? (starters.scheduled && !starters.asset_events),
  asset_events: mine?.asset_events ?? false,
  until: dayOf(mine?.expires_at ?? null),
  pinned: mine?.pinned ?? true,
});

export const requestOf = (connId: string, form: DelegationForm): DelegationRequest => ({
  conn_id: connId,
  scheduled: form.scheduled,
  asset_events: form.asset_events,
  expires_at: endOfDay(form.until),
  pinned: form.pinned,
});

/** What starts runs of a DAG that nobody triggers. */
export interface Starters {
  scheduled: boolean;
  asset_events: boolean;
}

/** Whether to offer a delegation: only what could ever come about, and only with something to act with. */
export const offered = (starters: Starters, signedIn: boolean): boolean =>
  signedIn && (starters.scheduled || starters.asset_events);

/** What pinning covers, and what it cannot. */
export function pinHint({ imports_known: known, unknown_imports: unknown }: DelegationList): string {
  return [
    t(known ? "delegation.pinned.known" : "delegation.pinned.unknown"),
    ...(unknown.length === 0 ? [] : [t("delegation.pinned.open", { places: listed(unknown) })]),
    t("delegation.pinned.guards"),
  ].join(" ");
}

const runs = ({ scheduled, asset_events: events }: Delegation): string =>
  t(`delegation.runs.${scheduled && events ? "both" : events ? "asset_events" : "scheduled"}`);

/** Which runs, and whether they still do; for somebody who looks at all delegations. */
export function delegationState(consent: Delegation, now: number): { runs: string; state: string; active: boolean } {
  const active = consent.state === "active";
  const state =
    active && consent.expires_at !== null
      ? t("delegation.state.active_until", { when: distance(consent.expires_at, now) })
      : t(`delegation.state.${consent.state}`);
  return {
    runs: runs(consent),
    state: active && consent.pinned ? t("delegation.state.present_code", { state }) : state,
    active,
  };
}

/** Whether a consent keeps everybody else from giving theirs: there is one per DAG and account. */
const holdsThePlace = ({ state }: Delegation): boolean =>
  state === "active" || state === "code_changed" || state === "dag_moved" || state === "dag_unseen" || state === "rights_unknown";

/** The consents to one account that matter to the caller: their own, or the one that stands in their way. */
export function relevant(all: readonly Delegation[], connId: string): Delegation | null {
  const here = all.filter((one) => one.conn_id === connId);
  return here.find((one) => one.is_me) ?? here.find(holdsThePlace) ?? null;
}

/** One line on the present consent. */
export function delegationMessage(consent: Delegation | null, starters: Starters, now: number): string {
  if (consent === null || consent.state === "delegate_gone") {
    return t(`delegation.none.${starters.scheduled || !starters.asset_events ? "scheduled" : "asset_events"}`);
  }
  const user = consent.is_me ? t("delegation.you") : consent.user_name;
  if (consent.state !== "active") {
    return t(`delegation.${consent.state}`, { user });
  }
  const acts =
    consent.expires_at === null
      ? t("delegation.act", { runs: runs(consent), user })
      : t("delegation.act_until", { runs: runs(consent), user, when: distance(consent.expires_at, now) });
  return consent.rights_until === null
    ? acts
    : `${acts} ${t("delegation.rights_until", { user, day: dayOf(consent.rights_until) })}`;
}
