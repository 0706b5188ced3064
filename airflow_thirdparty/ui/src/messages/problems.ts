/** What the server says in English, in the reader's language: by its code, never by its words. */

import type { AccountView, DagWarning, Problem } from "../api/types";
import { translated, type Values } from "../words/words";

export interface Told {
  message: string;
  remedy: string;
  /** The server's own words, which name more; nothing where the message does, too. */
  detail: string | null;
}

interface Said {
  code: string;
  values: Values;
  text: string;
  remedy?: string;
}

/** What is exactly so, and what to do about it. */
export const said = ({ code, values, text, remedy = "" }: Said): Told => ({
  message: translated(`reasons.${code}`, values) ?? text,
  remedy: translated(`reasons.${code}.remedy`, values) ?? remedy,
  detail: null,
});

export function told({ code, message, remedy, reason = "", values = {} }: Problem): Told {
  if (translated(`reasons.${reason}`) !== null) {
    return said({ code: reason, values, text: message, remedy });
  }
  const translation = translated(`errors.${code}`);
  return translation === null
    ? { message, remedy, detail: null }
    : { message: translation, remedy: translated(`errors.${code}.remedy`) ?? remedy, detail: message };
}

/** A DAG's warning, and the reasons behind its "Why?". */
export const warned = ({ code, values, message, why }: DagWarning): Pick<DagWarning, "message" | "why"> => {
  const translation = translated(`warning.${code}`, values);
  return translation === null ? { message, why } : { message: translation, why: translated("warning.why") ?? why };
};

/** Words under an account's state. */
export const explanation = ({ status, status_text: text }: Pick<AccountView, "status" | "status_text">): string =>
  translated(`explained.${status}`) ?? text;
