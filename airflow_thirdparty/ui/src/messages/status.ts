/** The six states of a sign-in: how each is called, coloured and left. */

import type { AccountView, Kind, Status } from "../api/types";
import { has, t } from "../words/words";

export interface StatusAppearance {
  label: string;
  /** A Chakra palette that both Airflow's theme and ours have. */
  palette: Palette;
}

type Palette = "green" | "red" | "amber" | "gray";

export const PALETTES: Record<Status, Palette> = {
  signed_in: "green",
  sign_in_needed: "red",
  lapsed: "red",
  account_changed: "red",
  scopes_missing: "amber",
  service_unreachable: "gray",
};

/** Words for a status; one that this page does not know yet is shown as it came. */
export function appearanceOf(status: string): StatusAppearance {
  const key = `status.${status}`;
  const palette = PALETTES[status as Status] ?? "gray";
  return { label: status in PALETTES && has(key) ? t(key) : status.replaceAll("_", " "), palette };
}

/** Whether there is a sign-in to end. */
export const hasSignIn = (account: AccountView): boolean =>
  account.signed_in_at !== null || (account.status !== "sign_in_needed" && account.identity !== null);

/** Services that name a protocol rather than somebody people know. */
const NAMELESS = new Set(["", "openid", "custom"]);

type Called = Pick<AccountView, "conn_id" | "service" | "service_name">;

/** How the account is called: after its service where that has a name, else by its id. */
export const nameOf = (account: Called): string =>
  NAMELESS.has(account.service) ? account.conn_id : account.service_name || account.conn_id;

/** What initials are made of where there is no logo; nothing for a mere protocol. */
export const iconName = (account: Called): string => (NAMELESS.has(account.service) ? "" : account.service_name);

/** What tells the account from others of the same name. */
export const epithetOf = (account: Called): string =>
  nameOf(account) === account.conn_id ? account.service_name : account.conn_id;

/** What the button is called that puts the state right. */
export function signInLabel(account: AccountView): string {
  if (!hasSignIn(account)) {
    return t(account.kind === "oauth2" ? "sign_in.sign_in" : "sign_in.enter");
  }
  return t(account.kind === "oauth2" ? "sign_in.reconnect" : "sign_in.replace");
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
  const label =
    account.status === "signed_in" && who ? t("status.signed_in_as", { who }) : appearanceOf(account.status).label;
  return t("status.announcement", { name: nameOf(account), label });
}

/** A remedy as a sentence of its own: in a task's log an address follows the colon, here a button does. */
export const remedySentence = (remedy: string): string => remedy.replace(/:\s*$/, ".");

/** What the secret of an account that is not OAuth is called. */
export const secretName = (kind: Kind): string => t(kind === "basic" ? "credentials.password" : "credentials.key");

/** A scope short enough for a chip: the last part of an address, the whole of anything else. */
export function shortScope(scope: string): string {
  if (!/^https?:\/\//.test(scope)) {
    return scope;
  }
  const parts = scope.split("/").filter((part) => part !== "");
  return parts.length > 2 ? (parts.at(-1) ?? scope) : scope;
}

/** One or two letters in the place of a logo: "Google Drive" is GD, "GitHub" is G. */
export const initials = (name: string): string =>
  name
    .split(/[\s_.,()-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("");
