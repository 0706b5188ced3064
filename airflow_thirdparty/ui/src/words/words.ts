/** All words of the pages, in the reader's language: one dictionary, with plurals; English where a word lacks. */

import first from "./en.json";

export type Key = keyof typeof first;
/** One text, or one for each plural of the language (`Intl.PluralRules`), chosen by the value `count`. */
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Words = Partial<Record<Key, Text>>;
export type Values = Record<string, string | number>;

const ENGLISH = "en";

/** What the first view says, and what the parts that were loaded since have brought along. */
const english: Words = { ...first };

/** Take in the English words of a part that is loaded later. */
export function learn(words: Words): void {
  Object.assign(english, words);
}

interface Spoken {
  language: string;
  words: Words;
  plural: Intl.PluralRules;
}

const inEnglish: Spoken = { language: ENGLISH, words: english, plural: new Intl.PluralRules(ENGLISH) };
let spoken = inEnglish;

/** Speak a language from now on. */
export function speak(language: string, words: Words): void {
  spoken = { language, words, plural: new Intl.PluralRules(language) };
}

/** The language in which numbers, dates and words are written. */
export const language = (): string => spoken.language;

function chosen({ words, plural }: Spoken, key: Key, count: string | number | undefined): string | undefined {
  const text = words[key];
  return typeof text === "object" ? (text[plural.select(Number(count ?? 0))] ?? text.other) : text;
}

const template = (key: Key, count?: string | number): string =>
  chosen(spoken, key, count) ?? chosen(inEnglish, key, count) ?? key;

const PLACEHOLDER = /\{(\w+)\}/;

const shown = (value: string | number): string =>
  typeof value === "number" ? value.toLocaleString(spoken.language) : value;

const filled = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : shown(value);
  });

/** A text with its values in place. */
export const t = (key: Key, values: Values = {}): string => filled(template(key, values.count), values);

/** A text of the reader's language for what the server says in English; nothing where there is none, or in English. */
export function translated(key: string, values: Values = {}): string | null {
  const text = language() === ENGLISH ? undefined : chosen(spoken, key as Key, values.count);
  return text === undefined ? null : filled(text, values);
}

/** A text in parts, where something else than text takes the place of some values: every second part is a name. */
export const parts = (key: Key, values: Values = {}): string[] =>
  template(key, values.count)
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 0 || values[part] === undefined ? part : shown(values[part])));

/** Whether there is a text of this name: for what the server names. */
export const has = (key: string): key is Key => key in english;

/** Names as one text, as the language joins them. */
export const listed = (names: readonly string[], most = names.length): string => {
  const more = names.length - most;
  const joined = names.slice(0, most).join(t("list.comma"));
  return more > 0 ? t("list.more", { names: joined, count: more }) : joined;
};
