/** The groups in which a person's accounts stand, in words. */

import type { AccountList, Dependents, Group } from "../api/types";

export const GROUPS: Record<Group, { title: string; hint: string }> = {
  needs_you: { title: "Needs you", hint: "Your runs, delegations or earlier sign-ins wait for these." },
  connected: { title: "Connected", hint: "Tasks of the runs you trigger act as you here." },
  available: { title: "Available", hint: "Nothing of yours uses these yet. Sign in when you need one." },
};

/** "2 accounts need you": what needs nobody is not counted. */
export function summary({ counts, all }: Pick<AccountList, "counts" | "all">): string {
  if (counts.needs_you > 0) {
    return counts.needs_you === 1 ? "1 account needs you" : `${counts.needs_you} accounts need you`;
  }
  return all === 1 && counts.connected === 1 ? "Your account is ready" : "Nothing needs you";
}

/** What a button reads that shows one group, with how many there are. */
export function filterLabel(group: Group | null, counts: AccountList["counts"]): string {
  return group === null
    ? `All ${counts.needs_you + counts.connected + counts.available}`
    : `${GROUPS[group].title} ${counts[group]}`;
}

export const foundMessage = (count: number): string => (count === 0 ? "No account is like that." : String(count));

const SHOWN = 3;

/** Why an account needs the person: "Needed by etl, digest and 2 more of your DAGs". */
export function neededBy(dags: readonly string[]): string {
  const more = dags.length - SHOWN;
  const shown = dags.slice(0, SHOWN).join(", ");
  return more > 0 ? `Needed by ${shown} and ${more} more of your DAGs` : `Needed by your DAG${dags.length === 1 ? "" : "s"} ${shown}`;
}

/** "51 to 100 of 230". */
export const pageMessage = (offset: number, size: number, total: number): string =>
  `${offset + 1} to ${Math.min(offset + size, total)} of ${total}`;

const listed = (dags: readonly string[]): string => {
  const more = dags.length - SHOWN;
  return dags.slice(0, SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
};

/** What signing out touches, a sentence for each kind. */
export function affected({ delegated, triggered }: Dependents): string[] {
  return [
    ...(delegated.length > 0 ? [`Scheduled runs stop acting as you: ${listed(delegated)}.`] : []),
    ...(triggered.length > 0 ? [`DAGs you triggered lately use it: ${listed(triggered)}.`] : []),
  ];
}
