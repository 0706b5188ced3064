/** A user's consent that runs without a user act with their account: words and form. */

import type { Delegation, DelegationList, DelegationRequest } from "../api/types";
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
  const covered = known
    ? "When the DAG's file, or what it imports from its bundle, changes, you are asked again."
    : "What the DAG imports is not known yet. It can be pinned once the DAG processor, with this package installed, has parsed it.";
  const open = unknown.length === 0 ? "" : ` Cannot be followed: ${unknown.join(", ")}.`;
  return `${covered}${open} This guards against accidents, not against whoever may write into the bundle.`;
}

const runs = ({ scheduled, asset_events: events }: Delegation): string =>
  scheduled && events ? "Scheduled runs and asset events" : events ? "Runs started by asset events" : "Scheduled runs";

/** Which runs, and whether they still do; for somebody who looks at all delegations. */
export function delegationState(consent: Delegation, now: number): { runs: string; state: string; active: boolean } {
  const end = consent.expires_at === null ? "" : `, ends ${distance(consent.expires_at, now)}`;
  const states: Record<Delegation["state"], string> = {
    active: `In force${end}`,
    expired: "Ended",
    code_changed: "Paused: the DAG's code changed",
    delegate_gone: "Void: this user is gone",
    sign_in_needed: "Paused: this user has to sign in again",
    bundle_unknown: "Void: made before the DAG's bundle was recorded",
    not_entitled: "Void: this user may not trigger the DAG any more",
    rights_unknown: "Paused: it is not known whether this user may still trigger the DAG",
    dag_moved: "Paused: the DAG moved, or another bundle claims its id",
    dag_unseen: "Paused: it is not known where the DAG was last parsed from",
  };
  return { runs: runs(consent), state: states[consent.state], active: consent.state === "active" };
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
    return starters.scheduled || !starters.asset_events
      ? "Scheduled runs act for no user, and get no access."
      : "Runs started by asset events act for no user, and get no access.";
  }
  const who = consent.is_me ? "you" : consent.user_name;
  if (consent.state === "expired") {
    return "Your consent for scheduled runs has ended.";
  }
  if (consent.state === "code_changed") {
    return `Paused: the DAG's code changed since ${who} agreed.`;
  }
  if (consent.state === "not_entitled") {
    return "Void: you may not trigger this DAG any more. Somebody else may take your place.";
  }
  if (consent.state === "rights_unknown") {
    return `Paused: it is not known whether ${who} may still trigger this DAG.`;
  }
  if (consent.state === "dag_moved") {
    return `Paused: since ${who} agreed, the DAG moved to another file or bundle, or another bundle claimed its id.`;
  }
  if (consent.state === "dag_unseen") {
    return "Paused: it is not known where the DAG was last parsed from. An admin has to install this package where the DAG processor runs.";
  }
  if (consent.state === "bundle_unknown") {
    return "Void: your consent does not say for which bundle's DAG it is. Agree again.";
  }
  if (consent.state === "sign_in_needed") {
    return "Paused: your sign-in does not work any more. Sign in again, or somebody else may take your place.";
  }
  const end = consent.expires_at === null ? "" : `, ends ${distance(consent.expires_at, now)}`;
  const asked =
    consent.rights_until === null
      ? ""
      : ` Counts on what ${who} may do as of the last visit here; that lasts until ${dayOf(consent.rights_until)}.`;
  return `${runs(consent)} act as ${who}${end}.${asked}`;
}
