import { afterEach, describe, expect, test } from "vitest";

import german from "../words/de.json";
import { speak } from "../words/words";
import { explanation, said, told, warned } from "./problems";

const SERVER = { code: "sign_in_cancelled", message: "You said no at acme.", remedy: "Start again." };

afterEach(() => {
  speak("en", {});
});

describe("what the server says", () => {
  test("is shown as it came in English", () => {
    expect(told(SERVER)).toEqual({ message: SERVER.message, remedy: SERVER.remedy, detail: null });
  });
  test("is said by its code in another language, with its own words below", () => {
    speak("de", german);
    expect(told(SERVER)).toEqual({
      message: german["errors.sign_in_cancelled"],
      remedy: german["errors.sign_in_cancelled.remedy"],
      detail: SERVER.message,
    });
  });
  test("is shown as it came where the language has no words for it", () => {
    speak("de", german);
    expect(told({ ...SERVER, code: "new_one" })).toEqual({ message: SERVER.message, remedy: SERVER.remedy, detail: null });
  });
  test("is said exactly where it says what exactly is wrong", () => {
    const exact = { ...SERVER, reason: "unknown_service", values: { account: "acme", field: "service", value: "'gitub'", close: "github" } };
    expect(told(exact)).toEqual({ message: SERVER.message, remedy: SERVER.remedy, detail: null });
    speak("de", german);
    expect(told(exact)).toEqual({
      message: "Konto „acme“: Feld „service“ hat den unbekannten Wert 'gitub'.",
      remedy: "Schreibe eine Id wie github; „airflow third-party-accounts presets“ zählt alle auf.",
      detail: null,
    });
    expect(told({ ...exact, reason: "new_one" }).message).toBe(german["errors.sign_in_cancelled"]);
  });
  test("of a check's step is said by its code, or shown as it came", () => {
    const finding = { code: "clock_differs", values: { seconds: "90" }, text: "They differ.", remedy: "Use NTP." };
    expect(said(finding)).toEqual({ message: "They differ.", remedy: "Use NTP.", detail: null });
    speak("de", german);
    expect(said(finding).message).toBe("Die Uhr dieser Maschine und die des Dienstes weichen um 90 Sekunden voneinander ab.");
    expect(said({ ...finding, code: "" })).toEqual({ message: "They differ.", remedy: "Use NTP.", detail: null });
  });
  test("of a public DAG is said with its accounts, and with its reasons", () => {
    const warning = { code: "public_dag", values: { accounts: "'acme'" }, message: "It is public.", why: "Danger" };
    expect(warned(warning)).toEqual({ message: "It is public.", why: "Danger" });
    speak("de", german);
    expect(warned(warning).message).toContain("benutzt Konten: 'acme'.");
    expect(warned(warning).why).toBe(german["warning.why"]);
    expect(warned({ ...warning, code: "new_one" })).toEqual({ message: "It is public.", why: "Danger" });
  });
  test.each(["lapsed", "account_changed", "scopes_missing", "service_unreachable"] as const)("of the state %s", (status) => {
    speak("de", german);
    expect(explanation({ status, status_text: "It lapsed." })).toBe(german[`explained.${status}`]);
  });
});
