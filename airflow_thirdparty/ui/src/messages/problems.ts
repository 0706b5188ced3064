/** What the server says in English, in the reader's language: by its code, never by its words. */

import type { AccountView, Problem } from "../api/types";
import { translated } from "../words/words";

export interface Told {
  message: string;
  remedy: string;
  /** The server's own words, which name more; nothing where they are the message. */
  detail: string | null;
}

export function told({ code, message, remedy }: Problem): Told {
  const translation = translated(`errors.${code}`);
  return translation === null
    ? { message, remedy, detail: null }
    : { message: translation, remedy: translated(`errors.${code}.remedy`) ?? remedy, detail: message };
}

/** Words under an account's state. */
export const explanation = ({ status, status_text: text }: Pick<AccountView, "status" | "status_text">): string =>
  translated(`explained.${status}`) ?? text;
