import { afterEach, describe, expect, test } from "vitest";

import german from "../words/de.json";
import { speak } from "../words/words";
import { explanation, told } from "./problems";

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
  test.each(["lapsed", "account_changed", "scopes_missing", "service_unreachable"] as const)("of the state %s", (status) => {
    speak("de", german);
    expect(explanation({ status, status_text: "It lapsed." })).toBe(german[`explained.${status}`]);
  });
});
