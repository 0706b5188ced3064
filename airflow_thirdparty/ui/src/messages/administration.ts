/** What an admin reads about accounts. */

import type { AccountOverview } from "../api/types";

/** "3", "3, of whom 1 has to sign in again". */
export function signInCountMessage({ sign_ins: all, lapsed }: AccountOverview): string {
  if (all === 0) {
    return "Nobody";
  }
  return lapsed === 0 ? String(all) : `${all}, of whom ${lapsed} ${lapsed === 1 ? "has" : "have"} to sign in again`;
}
