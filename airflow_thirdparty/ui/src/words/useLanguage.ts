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

async function change(wanted: string): Promise<void> {
  const file = fileFor(wanted, __LANGUAGES__);
  asked = wanted;
  if (file === null) {
    speak("en", {});
  } else {
    const response = await fetch(new URL(`static/words/${file}.json`, pageUrl()));
    const words = (await response.json()) as Words;
    if (asked !== wanted) {
      return; // the reader has changed their mind meanwhile
    }
    speak(file, words);
  }
  for (const hear of hearers) {
    hear();
  }
}

/** The language that the document says it is in: Airflow keeps it to its own setting, our server to the browser's. */
const follow = (): void => {
  const wanted = document.documentElement.lang || "en";
  if (wanted !== asked) {
    change(wanted).catch(() => undefined); // English is better than nothing
  }
};

/** Follow the document's language from now on; the promise is kept once the first one is spoken. */
export async function followDocument(): Promise<void> {
  new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["lang"] });
  const wanted = document.documentElement.lang || "en";
  if (wanted !== asked) {
    await change(wanted).catch(() => undefined);
  }
}

function subscribe(hear: () => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

/** The language that is spoken; a component that uses it is drawn anew when it changes. */
export const useLanguage = (): string => useSyncExternalStore(subscribe, language);
