/** Making and changing accounts: what is typed, what is sent, and what is wrong with it. */

import type { Losses, NewAccount, Preset, PresetInGallery, TenantField } from "../api/types";
import { type Key, listed, t } from "../words/words";

/** The services whose name or id holds every word of a search. */
export function found(presets: readonly PresetInGallery[], search: string): PresetInGallery[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return presets.filter(({ id, name }) => words.every((word) => `${name} ${id}`.toLowerCase().includes(word)));
}

/** An account while it is typed. */
export interface Draft {
  conn_id: string;
  login: string;
  secret: string;
  host: string;
  scope_sets: string[];
  extra: Record<string, string>;
}

export const draftOf = (preset: Preset): Draft => ({
  conn_id: preset.id,
  login: "",
  secret: "",
  host: "",
  scope_sets: [],
  extra: {},
});

/** What is sent; what is empty is left out. */
export const requestOf = (preset: Preset, draft: Draft): NewAccount => ({
  conn_id: draft.conn_id.trim(),
  login: draft.login.trim() || null,
  secret: draft.secret || null,
  host: draft.host.trim() || null,
  extra: Object.fromEntries(
    [
      ["service", preset.id],
      ...Object.entries(draft.extra).map(([name, value]) => [name, value.trim()]),
      ["scope_sets", draft.scope_sets.join(" ")],
    ].filter(([, value]) => value !== ""),
  ) as Record<string, string>,
});

/** Why a tenant's value cannot be, while it is typed; the server looks again. */
export function complaintOf(field: TenantField, value: string): string | null {
  const text = value.trim();
  if (text === "") {
    return null;
  }
  try {
    return new RegExp(`^(?:${field.pattern})$`, "u").test(text) ? null : t("form.tenant.wrong", { example: field.example });
  } catch {
    return null; // a pattern that only the server understands
  }
}

export const NEEDED_LABELS: Record<string, Key> = {
  host: "form.host",
  issuer: "form.issuer",
  authorize_url: "form.authorize_url",
  exchange_url: "form.exchange_url",
  userinfo_url: "form.userinfo_url",
};

const SHOWN = 5;

/** Who loses what when an account goes, a sentence for each kind. */
export const lossMessages = ({ sign_ins: people, delegations, dags }: Losses): string[] => [
  ...(people > 0 ? [t("edit.losses.people", { count: people })] : []),
  ...(delegations > 0 ? [t("edit.losses.delegations", { count: delegations })] : []),
  ...(dags.length > 0 ? [t("edit.losses.dags", { count: dags.length, dags: listed(dags, SHOWN) })] : []),
  people + delegations + dags.length === 0 ? t("edit.losses.nobody") : t("edit.losses.kept"),
];
