/** Points in time, in words. */

import type { AccountView } from "../api/types";
import { language, t } from "../words/words";

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Made once for each language: it is not cheap. */
const formats = new Map<string, Intl.RelativeTimeFormat>();

function relative(): Intl.RelativeTimeFormat {
  const spoken = language();
  const known = formats.get(spoken) ?? new Intl.RelativeTimeFormat(spoken, { numeric: "always" });
  formats.set(spoken, known);
  return known;
}

const seconds = (iso: string, now: number): number => (Date.parse(iso) - now) / 1_000;

/** "in 3 days", "2 hours ago", "just now". */
export function distance(iso: string, now: number): string {
  const away = seconds(iso, now);
  if (Number.isNaN(away)) {
    return t("time.unknown");
  }
  for (const [unit, size] of UNITS) {
    if (Math.abs(away) >= size) {
      return relative().format(Math.trunc(away / size), unit);
    }
  }
  return t(away > 0 ? "time.soon" : "time.just_now");
}

/** How long a sign-in lasts, as a person wants to know it. */
export function expiryMessage(expiresAt: string | null, refreshable: boolean, now: number): string {
  if (refreshable) {
    return t("expiry.refreshes");
  }
  if (expiresAt === null) {
    return t("expiry.none");
  }
  const away = seconds(expiresAt, now);
  return t(away > 0 ? "expiry.ends" : "expiry.ended", { when: distance(expiresAt, now) });
}

/** From when on an end is near enough to be told in a colour. */
const SOON_SECONDS = 7 * 86_400;

/** What is said of a sign-in that ends unless it is used, or made anew. */
export function endMessage(
  { ends_at: end, refreshable }: Pick<AccountView, "ends_at" | "refreshable">,
  now: number,
): { text: string; soon: boolean } {
  if (end === null) {
    return { text: "", soon: false };
  }
  const soon = seconds(end, now) < SOON_SECONDS;
  if (refreshable) {
    return { text: t("expiry.unused", { when: distance(end, now) }), soon };
  }
  return { text: soon ? t("expiry.soon", { when: distance(end, now) }) : "", soon };
}

/** The full date, for a tooltip, in the reader's own time zone. */
export function fullDate(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? ""
    : new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "long" }).format(date);
}

/** Last instant of a day picked in a date field (`2026-08-31`), as the server wants it; null when empty. */
export function endOfDay(day: string): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) {
    return null;
  }
  return new Date(year, month - 1, date, 23, 59, 59).toISOString();
}

/** The day of an instant as a date field wants it, in the reader's own time zone. */
export function dayOf(iso: string | null): string {
  const date = iso === null ? new Date(Number.NaN) : new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return "";
  }
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
