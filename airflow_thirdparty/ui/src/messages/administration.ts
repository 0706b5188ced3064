/** What an admin reads about accounts. */

import type { AccountOverview } from "../api/types";
import { t } from "../words/words";

/** The command that lets roles find the page, quoted for a shell where a name needs it. */
export const grantCommand = (roles: readonly string[]): string =>
  ["airflow third-party-accounts grant-role", ...roles.map(quoted)].join(" ");

const quoted = (word: string): string =>
  /^[\w.@%+:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** "3", "3, of whom 1 has to sign in again". */
export function signInCountMessage({ sign_ins: all, lapsed }: AccountOverview): string {
  if (all === 0) {
    return t("admin.nobody");
  }
  return lapsed === 0 ? String(all) : t("admin.lapsed", { all, count: lapsed });
}
