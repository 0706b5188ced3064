/** The six states of a sign-in: how each is called, coloured and left. */

import type { AccountView, Kind, Status } from "../api/types";

export interface StatusAppearance {
  label: string;
  /** A Chakra palette that both Airflow's theme and ours have. */
  palette: "green" | "red" | "amber" | "gray";
}

export const STATUS: Record<Status, StatusAppearance> = {
  signed_in: { label: "Signed in", palette: "green" },
  sign_in_needed: { label: "Sign-in needed", palette: "red" },
  lapsed: { label: "Sign-in lapsed", palette: "red" },
  account_changed: { label: "Account changed", palette: "red" },
  scopes_missing: { label: "Scopes missing", palette: "amber" },
  service_unreachable: { label: "Service unreachable", palette: "gray" },
};

/** Words for a status; one that this page does not know yet is shown as it came. */
export const appearanceOf = (status: string): StatusAppearance =>
  STATUS[status as Status] ?? { label: status.replaceAll("_", " "), palette: "gray" };

/** Whether there is a sign-in to end. */
export const hasSignIn = (account: AccountView): boolean =>
  account.signed_in_at !== null || (account.status !== "sign_in_needed" && account.identity !== null);

/** Services that name a protocol rather than somebody people know. */
const NAMELESS = new Set(["", "openid", "custom"]);

type Called = Pick<AccountView, "conn_id" | "service" | "service_name">;

/** How the account is called: after its service where that has a name, else by its id. */
export const nameOf = (account: Called): string =>
  NAMELESS.has(account.service) ? account.conn_id : account.service_name || account.conn_id;

/** What tells the account from others of the same name. */
export const epithetOf = (account: Called): string =>
  nameOf(account) === account.conn_id ? account.service_name : account.conn_id;

/** What the button that mends the state is called. */
export function signInLabel(account: AccountView): string {
  if (!hasSignIn(account)) {
    return account.kind === "oauth2" ? "Sign in" : "Enter credentials";
  }
  return account.kind === "oauth2" ? "Reconnect" : "Replace";
}

/** Whether that button is the thing to press now. */
export const needsUser = (status: Status): boolean =>
  status !== "signed_in" && status !== "service_unreachable";

/** How the server calls the caller at the service. */
export function identityName(account: AccountView): string | null {
  return account.identity === null ? null : account.identity.name || account.identity.subject;
}

/** One line for the screen reader when a state changes. */
export function announcement(account: AccountView): string {
  const who = identityName(account);
  const as = account.status === "signed_in" && who ? ` as ${who}` : "";
  return `${nameOf(account)}: ${appearanceOf(account.status).label}${as}.`;
}

/** A remedy as a sentence of its own: in a task's log an address follows the colon, here a button does. */
export const remedySentence = (remedy: string): string => remedy.replace(/:\s*$/, ".");

/** What the secret of an account that is not OAuth is called. */
export const SECRET_NAME: Record<Exclude<Kind, "oauth2">, string> = { key: "Key", basic: "Password" };

/** A scope short enough for a chip: the last part of an address, the whole of anything else. */
export function shortScope(scope: string): string {
  if (!/^https?:\/\//.test(scope)) {
    return scope;
  }
  const parts = scope.split("/").filter((part) => part !== "");
  return parts.length > 2 ? (parts.at(-1) ?? scope) : scope;
}
