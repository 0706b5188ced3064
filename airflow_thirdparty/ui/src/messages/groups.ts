/** The groups in which a person's accounts stand, in words. */

import type { AccountList, Dependents, Group } from "../api/types";
import { listed, t } from "../words/words";

/** "2 accounts need you": what needs nobody is not counted. */
export function summary({ counts, all }: Pick<AccountList, "counts" | "all">): string {
  if (counts.needs_you > 0) {
    return t("summary.needs_you", { count: counts.needs_you });
  }
  return t(all === 1 && counts.connected === 1 ? "summary.ready" : "summary.nothing");
}

/** What a button reads that shows one group, with how many there are. */
export const filterLabel = (group: Group | null, counts: AccountList["counts"]): string =>
  group === null
    ? t("groups.filter", { name: t("groups.all"), count: counts.needs_you + counts.connected + counts.available })
    : t("groups.filter", { name: t(`groups.${group}`), count: counts[group] });

/** With fewer accounts than this nobody has to search. */
export const SEARCHED_FROM = 9;

const SHOWN = 3;

/** Why an account needs the person: "Needed by etl, digest and 2 more of your DAGs". */
export function neededBy(dags: readonly string[]): string {
  const more = dags.length - SHOWN;
  return more > 0
    ? t("needed_by.more", { dags: listed(dags.slice(0, SHOWN)), count: more })
    : t("needed_by", { dags: listed(dags), count: dags.length });
}

/** Where the last page of a list begins. */
export const lastPage = (size: number, total: number): number => Math.max(0, Math.ceil(total / size) - 1) * size;

/** "51 to 100 of 230". */
export const pageMessage = (offset: number, size: number, total: number): string =>
  t("groups.page", { first: offset + 1, last: Math.min(offset + size, total), total });

/** What signing out touches, a sentence for each kind. */
export function affected({ delegated, triggered }: Dependents): string[] {
  return [
    ...(delegated.length > 0 ? [t("sign_out.delegated", { dags: listed(delegated, SHOWN) })] : []),
    ...(triggered.length > 0 ? [t("sign_out.triggered", { dags: listed(triggered, SHOWN) })] : []),
  ];
}
