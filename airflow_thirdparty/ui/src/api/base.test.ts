import { describe, expect, test } from "vitest";

import { airflowUrl, prefixUrl, safeUrl } from "./base";
import { problemOf } from "./client";

describe("where the server's part lives", () => {
  test.each([
    ["stand-alone at the root", "https://a/third-party-accounts/static/page.js?v=1", "https://a/third-party-accounts/", "https://a/third-party-accounts/"],
    ["stand-alone below a path", "https://a/x/y/third-party-accounts/static/page.js", "https://a/ignored/", "https://a/x/y/third-party-accounts/"],
    ["inside Airflow at the root", null, "https://a/", "https://a/third-party-accounts/"],
    ["inside Airflow below a path", null, "https://a/x/", "https://a/x/third-party-accounts/"],
    ["a script from elsewhere", "https://cdn/page.js", "https://a/x/", "https://a/x/third-party-accounts/"],
    ["a prefix that occurs twice", "https://a/third-party-accounts/static/third-party-accounts/static/page.js", "https://a/", "https://a/third-party-accounts/static/third-party-accounts/"],
  ])("%s", (_, script, base, expected) => {
    expect(prefixUrl(script, base)).toBe(expected);
  });

  test("Airflow is one step up", () => {
    expect(airflowUrl("https://a/x/third-party-accounts/")).toBe("https://a/x/");
  });
});

describe("addresses a browser may follow", () => {
  test.each([
    ["https", "https://github.com/login?x=1", "https://github.com/login?x=1"],
    ["http, for a service on this machine", "http://localhost:8080/", "http://localhost:8080/"],
    ["a path of ours", "/third-party-accounts/", "https://a/third-party-accounts/"],
    ["a script", "javascript:alert(1)", null],
    ["a script, hidden", " \tjava\nscript:alert(1)", null],
    ["data", "data:text/html,x", null],
    ["no host", "https://", null],
    ["nothing", null, null],
    ["an empty text", "", null],
  ])("%s", (_, address, expected) => {
    expect(safeUrl(address, "https://a/x/")).toBe(expected);
  });
});

describe("messages for a failed call", () => {
  test("the server's own come first", () => {
    const error = { code: "other_subject", message: "m", remedy: "r" };
    expect(problemOf(409, { error })).toEqual(error);
  });

  test.each([
    ["no body", 401, undefined, "logged_out"],
    ["a body of Airflow's", 404, { detail: "Not Found" }, "not_offered"],
    ["another error shape", 403, { error: "nope" }, "forbidden"],
    ["a status without a message", 502, null, "unreadable"],
  ])("%s", (_, status, body, code) => {
    expect(problemOf(status, body).code).toBe(code);
  });
});
