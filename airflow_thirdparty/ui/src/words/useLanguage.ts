import { useSyncExternalStore } from "react";

import { pageUrl } from "../api/client";
import { language, speak, type Words } from "./words";

/** The languages there is a file for, besides English: put in by the build. */
declare const __LANGUAGES__: readonly string[];

const hearers = new Set<() => void>();
let asked = "en";

/** The file for a language as browsers name it: its own, else the one of the language without its region. */
export function fileFor(wanted: string, files: readonly string[]): string | null {
  const names = [wanted, wanted.split("-")[0] ?? ""].map((name) => name.toLowerCase());
  return files.find((file) => names.includes(file.toLowerCase())) ?? null;
}

/** How often a dictionary is asked for, and how long after one another: a busy server may drop the first call. */
const TRIES = 4;
const PAUSE_MS = 1_000;

async function wordsOf(file: string): Promise<Words> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      const response = await fetch(new URL(`static/words/${file}.json`, pageUrl()));
      if (response.ok) {
        return (await response.json()) as Words;
      }
      throw new Error(String(response.status));
    } catch (error) {
      if (left === 0) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function change(wanted: string): Promise<void> {
  asked = wanted;
  const file = fileFor(wanted, __LANGUAGES__);
  const words = file === null ? {} : await wordsOf(file);
  if (asked !== wanted) {
    return; // the reader has changed their mind meanwhile
  }
  speak(file ?? "en", words);
  for (const hear of hearers) {
    hear();
  }
}

async function follow(setting: () => string | null): Promise<void> {
  const wanted = setting() ?? (document.documentElement.lang || "en");
  if (wanted !== asked) {
    await change(wanted).catch(() => undefined); // English is better than nothing
  }
}

/**
 * Follow the document's language from now on; the promise is kept once the first one is spoken. A setting goes first:
 * Airflow tells its document only of a language that it has loaded after its layout was drawn.
 */
export async function followDocument(setting: () => string | null = () => null): Promise<void> {
  const changed = (): void => void follow(setting);
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ["lang"] });
  await follow(setting);
}

/** Where Airflow's own translation keeps what its reader has chosen. */
export function airflowsSetting(): string | null {
  try {
    return localStorage.getItem("i18nextLng");
  } catch {
    return null; // the browser keeps nothing
  }
}

function subscribe(hear: () => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

/** The language that is spoken; a component that uses it is drawn anew when it changes. */
export const useLanguage = (): string => useSyncExternalStore(subscribe, language);
