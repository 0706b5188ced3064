import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, test } from "vitest";

import { fileFor } from "./useLanguage";
import { has, language, listed, parts, speak, t, type Words } from "./words";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = fileURLToPath(new URL("..", import.meta.url));
const read = (name: string) => JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8")) as Record<string, unknown>;
/** What the server says of accounts by codes: it has the English words itself. */
const reasons = Object.fromEntries(
  Object.entries(
    JSON.parse(readFileSync(`${SOURCES}../../server/reasons.json`, "utf8")) as Record<string, { text: string; remedy?: string }>,
  ).flatMap(([code, { text, remedy }]) => [
    [`reasons.${code}`, text],
    ...(remedy === undefined ? [] : [[`reasons.${code}.remedy`, remedy]]),
  ]),
) as Record<string, unknown>;
const english = { ...read("en"), ...reasons };
const languages = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(".json", ""));

afterEach(() => {
  speak("en", {});
});

/** The texts of an entry, whether it has plurals or not. */
const texts = (entry: unknown): string[] => (typeof entry === "string" ? [entry] : Object.values(entry as object));
const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

describe.each(languages)("the dictionary %s", (name) => {
  const words = name === "en" ? english : read(name);
  test("has every word, and no other", () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(english).sort());
  });
  test("has no empty word", () => {
    expect(Object.entries(words).filter(([, entry]) => texts(entry).some((text) => text.trim() === ""))).toEqual([]);
  });
  test("has every plural that the language has", () => {
    const wanted = [...new Intl.PluralRules(name).resolvedOptions().pluralCategories].sort();
    for (const [key, entry] of Object.entries(words)) {
      if (typeof entry !== "string") {
        expect([key, Object.keys(entry as object).sort()]).toEqual([key, wanted]);
      }
    }
  });
  test("names no value that English does not name", () => {
    for (const [key, entry] of Object.entries(words)) {
      const known = new Set(texts(english[key]).flatMap(names));
      expect([key, texts(entry).flatMap(names).filter((value) => !known.has(value))]).toEqual([key, []]);
      if (typeof english[key] === "string") {
        expect([key, new Set(names(String(entry)))]).toEqual([key, known]);
      }
    }
  });
});

test("what is read from right to left begins so, though its first word may be Latin or a value", () => {
  const all = Object.entries(read("ar")).flatMap(([key, entry]) => texts(entry).map((text) => [key, text] as const));
  const wrong = all.filter(([, text]) => /\p{Script=Arabic}/u.test(text) && !/^(?:\{count\}|[^\p{L}{])*[\u200f\p{Script=Arabic}]/u.test(text));
  expect(wrong).toEqual([]);
});

test("every word is used, and none that is used lacks", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.test\.ts$|schema\.d\.ts$/.test(file),
  );
  const code = files.map((file) => readFileSync(`${SOURCES}${file}`, "utf8")).join("\n");
  const composed = ["groups.", "delegation.", "delegation.state.", "delegation.runs.", "delegation.none.", "status.", "check.step.", "check.outcome."];
  const byServer = ["errors.", "explained.", "warning.", "language", "direction", "page.title", "window."];
  const unused = Object.keys(read("en")).filter(
    (key) =>
      !code.includes(`"${key}"`) &&
      !composed.some((prefix) => key.startsWith(prefix)) &&
      !byServer.some((prefix) => key.startsWith(prefix)) &&
      !(key.endsWith(".remedy") && code.includes(`"${key.replace(/\.remedy$/, "")}"`)),
  );
  expect(unused).toEqual([]);
  const used = [...code.matchAll(/\bt\(\s*"([\w.]+)"/g)].map(([, key]) => key ?? "");
  expect(used.filter((key) => !has(key))).toEqual([]);
});

describe("a part of the script that is loaded by itself", () => {
  const parts = JSON.parse(readFileSync(`${SOURCES}parts.json`, "utf8")) as Record<string, string[]>;
  const partOf = (key: string) => Object.keys(parts).find((name) => parts[name]?.some((start) => key.startsWith(start)));
  const roots = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .flatMap((file) =>
      [...readFileSync(`${SOURCES}${file}`, "utf8").matchAll(/\bimport\("(\.[^"]+)"\)/g)].map(([, to]) => join(dirname(file), to ?? "")),
    );

  /** A source file with all that it imports at once. */
  function loaded(root: string): Map<string, string> {
    const found = new Map<string, string>();
    const waiting = [root];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const path = [".tsx", ".ts"].map((ending) => `${file}${ending}`).find((each) => existsSync(`${SOURCES}${each}`));
      if (path === undefined || found.has(path)) {
        continue;
      }
      const code = readFileSync(`${SOURCES}${path}`, "utf8");
      found.set(path, code);
      for (const [, to] of code.matchAll(/^(?:import|export)(?! type)[^;]*?"(\.[^"]+)";/gm)) {
        waiting.push(join(dirname(path), to ?? ""));
      }
    }
    return found;
  }

  test.each([...new Set(roots)])("%s brings the words that it says", (root) => {
    const files = loaded(root);
    expect(files.size).toBeGreaterThan(1);
    const brought = Object.keys(parts).filter((part) => files.has(`words/${part}.ts`));
    // What is only said in other languages needs no English.
    const code = [...files.values()].map((text) => text.replaceAll(/\btranslated\("[\w.]+"/g, "")).join("\n");
    const said = [...code.matchAll(/"([\w.]+)"/g)].map(([, key]) => key ?? "");
    const lacking = said.filter((key) => has(key) && partOf(key) !== undefined && !brought.includes(partOf(key) ?? ""));
    expect(lacking).toEqual([]);
  });
});

describe("a text", () => {
  test.each([
    [0, "0 accounts need you"],
    [1, "1 account needs you"],
    [1_200, "1,200 accounts need you"],
  ])("in English for %i", (count, text) => {
    expect(t("summary.needs_you", { count })).toBe(text);
  });
  test.each([
    [1, "حساب واحد يحتاج إليك"],
    [2, "حسابان يحتاجان إليك"],
    [11, "11 حسابًا يحتاج إليك"],
  ])("in Arabic for %i", (count, text) => {
    speak("ar-u-nu-latn", read("ar") as Words);
    expect(t("summary.needs_you", { count })).toBe(text);
  });
  test("that a language lacks is English", () => {
    speak("de", {});
    expect([language(), t("button.why")]).toEqual(["de", "Why?"]);
  });
  test("leaves alone what it has no value for, and looks for no values in values", () => {
    expect(t("sign_in.waiting")).toBe("Waiting for {name}");
    expect(t("sign_in.waiting", { name: "{count} $& <b>" })).toBe("Waiting for {count} $& <b>");
  });
  test("in parts has a name at every second place", () => {
    expect(parts("page.you_are")).toEqual(["In Airflow you are ", "user", ""]);
  });
  test("joins names as the language does", () => {
    expect([listed(["a", "b"]), listed(["a", "b", "c", "d"], 2)]).toEqual(["a, b", "a, b and 2 more"]);
  });
});

test.each([
  ["de", "de"],
  ["de-AT", "de"],
  ["AR", "ar"],
  ["en-GB", null],
  ["xx", null],
])("the file for %s is %s", (wanted, file) => {
  expect(fileFor(wanted, ["ar", "de"])).toBe(file);
});
