/** What an admin reads about accounts. */

import type { AccountOverview, DagAtRisk, Finding } from "../api/types";
import { has, t } from "../words/words";

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

/** What the author of a DAG writes into it once it has been reviewed: the rest of a sentence. */
export function howToAcknowledge(dag?: Pick<DagAtRisk, "acknowledgement_tag" | "acknowledgement_param">): string {
  const { acknowledgement_tag: tag = "", acknowledgement_param: param = "" } = dag ?? {};
  const ways = [
    ...(tag ? [t("admin.risk.how.tag", { tag })] : []),
    ...(param ? [t("admin.risk.how.param", { param })] : []),
  ];
  const [one = t("admin.risk.how.none"), other] = ways;
  return other === undefined ? one : t("admin.risk.how.either", { one, other });
}

/** What a step of a check is called; one that this page does not know yet is shown as it came. */
export function stepName(step: string): string {
  const key = `check.step.${step}`;
  return has(key) ? t(key) : step;
}

const PALETTES = { fine: "green", change: "red", unknown: "gray" } as const;

/** How a step of a check is coloured and called: red only where something is known to be wrong. */
export const outcomeOf = (outcome: Finding["outcome"]): { label: string; palette: "green" | "red" | "gray" } => ({
  label: t(`check.outcome.${outcome}`),
  palette: PALETTES[outcome],
});
