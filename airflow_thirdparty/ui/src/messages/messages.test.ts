import { describe, expect, test } from "vitest";

import type { AccountOverview, AccountView, Delegation, Usage } from "../api/types";
import { signInCountMessage } from "./administration";
import { delegationMessage, delegationState, formOf, pinHint, relevant, requestOf } from "./delegation";
import { announcement, appearanceOf, epithetOf, hasSignIn, nameOf, remedySentence, shortScope, signInLabel, STATUS, summary } from "./status";
import { dayOf, distance, endOfDay, expiryMessage } from "./time";
import { answerMessage } from "./answer";
import { usageMessage } from "./usage";
import { paragraphs } from "./why";

const NOW = Date.parse("2026-03-01T12:00:00Z");

const account = (parts: Partial<AccountView> = {}): AccountView => ({
  conn_id: "github",
  service: "github",
  service_name: "GitHub",
  icon: "github",
  kind: "oauth2",
  description: null,
  status: "sign_in_needed",
  status_text: "",
  status_at: null,
  identity: null,
  scopes: [],
  missing_scopes: [],
  expires_at: null,
  refreshable: false,
  signed_in_at: null,
  last_used_at: null,
  sign_in_allowed: true,
  problem: null,
  ...parts,
});

const signedIn = account({
  status: "signed_in",
  signed_in_at: "2026-02-01T00:00:00Z",
  identity: { subject: "1", name: "octo" },
});

describe("distance", () => {
  test.each([
    ["2026-03-01T11:59:30Z", "just now"],
    ["2026-03-01T12:00:30Z", "in less than a minute"],
    ["2026-03-01T11:58:00Z", "2 minutes ago"],
    ["2026-03-01T15:00:00Z", "in 3 hours"],
    ["2026-02-28T11:00:00Z", "1 day ago"],
    ["2026-03-20T12:00:00Z", "in 2 weeks"],
    ["2024-03-01T12:00:00Z", "2 years ago"],
    ["nonsense", "at an unknown time"],
  ])("%s is %s", (iso, message) => {
    expect(distance(iso, NOW)).toBe(message);
  });
});

describe("expiry", () => {
  test.each([
    ["refreshable", "2026-03-01T12:10:00Z", true, "Refreshes itself"],
    ["refreshable, already over", "2026-03-01T11:00:00Z", true, "Refreshes itself"],
    ["without an end", null, false, "No end date"],
    ["running out", "2026-03-04T13:00:00Z", false, "Ends in 3 days"],
    ["over", "2026-03-01T10:00:00Z", false, "Ended 2 hours ago"],
  ])("%s", (_, at, refreshable, message) => {
    expect(expiryMessage(at, refreshable, NOW)).toBe(message);
  });
});

describe("days", () => {
  test("a day ends at its last second, and comes back as the same day", () => {
    expect(dayOf(endOfDay("2026-08-31"))).toBe("2026-08-31");
  });
  test.each([["", null], ["2026-13", null]])("'%s' is no day", (day, expected) => {
    expect(endOfDay(day)).toBe(expected);
  });
  test("no instant is no day", () => {
    expect(dayOf(null)).toBe("");
  });
});

describe("status", () => {
  test("every state has a label of its own", () => {
    const labels = Object.values(STATUS).map(({ label }) => label);
    expect(new Set(labels).size).toBe(6);
  });
  test("a state of a newer server is shown as it came", () => {
    expect(appearanceOf("on_holiday").label).toBe("on holiday");
  });
  test.each([
    ["nobody signed in", account(), "Sign in"],
    ["signed in", signedIn, "Reconnect"],
    ["lapsed", account({ status: "lapsed", identity: { subject: "1", name: "octo" } }), "Reconnect"],
    ["a key, none yet", account({ kind: "key" }), "Enter credentials"],
    ["a key, stored", account({ ...signedIn, kind: "key" }), "Replace"],
  ])("button: %s", (_, view, label) => {
    expect(signInLabel(view)).toBe(label);
  });
  test("there is nothing to sign out of before a sign-in", () => {
    expect(hasSignIn(account())).toBe(false);
    expect(hasSignIn(signedIn)).toBe(true);
  });
  test.each([
    ["after its service", account(), "GitHub", "github"],
    ["by its id, when its service is a protocol", account({ service: "openid", service_name: "OpenID Connect", conn_id: "sso" }), "sso", "OpenID Connect"],
    ["by its id, when nothing is known", account({ service: "", service_name: "", conn_id: "x" }), "x", ""],
  ])("an account is called %s", (_, view, name, epithet) => {
    expect([nameOf(view), epithetOf(view)]).toEqual([name, epithet]);
  });
  test.each([
    ["says who", signedIn, "GitHub: Signed in as octo."],
    ["says what is wrong", account({ status: "lapsed" }), "GitHub: Sign-in lapsed."],
  ])("announcement %s", (_, view, message) => {
    expect(announcement(view)).toBe(message);
  });
  test.each([
    ["one, ready", [signedIn], "Your account is ready."],
    ["two, ready", [signedIn, signedIn], "All accounts are ready."],
    ["one of two", [signedIn, account()], "1 of 2 accounts needs you."],
    ["one, waiting", [account()], "One account needs you."],
    ["nobody may sign in", [account({ sign_in_allowed: false })], "Nothing for you to do."],
    ["the service is away", [account({ status: "service_unreachable" })], "Nothing for you to do."],
  ])("summary: %s", (_, views, message) => {
    expect(summary(views)).toBe(message);
  });
});

describe("remedies", () => {
  test.each([
    ["Sign in, then run the task again:", "Sign in, then run the task again."],
    ["Nothing is lost; try again.", "Nothing is lost; try again."],
    ["", ""],
  ])("%s", (remedy, message) => {
    expect(remedySentence(remedy)).toBe(message);
  });
});

describe("scopes", () => {
  test.each([
    ["https://www.googleapis.com/auth/drive.readonly", "drive.readonly"],
    ["https://graph.microsoft.com/Files.Read", "Files.Read"],
    ["https://host", "https://host"],
    ["data:read", "data:read"],
  ])("%s is %s", (scope, short) => {
    expect(shortScope(scope)).toBe(short);
  });
});

describe("delegation", () => {
  const mine: Delegation = {
    conn_id: "github",
    user_name: "alice",
    is_me: true,
    scheduled: true,
    asset_events: false,
    expires_at: null,
    pinned: true,
    bundle: "main",
    file: "daily.py",
    rights_until: null,
    state: "active",
    created_at: "2026-02-01T00:00:00Z",
  };
  test.each([
    ["none", null, "Scheduled runs do not act as you."],
    ["schedule", mine, "Scheduled runs act as you."],
    ["assets only", { ...mine, scheduled: false, asset_events: true }, "Runs started by asset events act as you."],
    ["both, with an end", { ...mine, asset_events: true, expires_at: "2026-03-04T13:00:00Z" }, "Scheduled runs and asset events act as you, ends in 3 days."],
    ["over", { ...mine, state: "expired" as const }, "Your consent for scheduled runs has ended."],
    ["somebody else's", { ...mine, is_me: false, user_name: "bob" }, "Scheduled runs act as bob."],
    ["somebody else's, new code", { ...mine, is_me: false, user_name: "bob", state: "code_changed" as const }, "Paused: the DAG's code changed since bob agreed."],
    ["its user is gone", { ...mine, is_me: false, state: "delegate_gone" as const }, "Scheduled runs do not act as you."],
    ["new code", { ...mine, state: "code_changed" as const }, "Paused: the DAG's code changed since you agreed."],
    ["not entitled", { ...mine, state: "not_entitled" as const }, "Void: you may not trigger this DAG any more. Somebody else may take your place."],
    ["rights unknown", { ...mine, state: "rights_unknown" as const }, "Paused: it is not known whether you may still trigger this DAG."],
    ["rights of the last visit", { ...mine, rights_until: "2026-03-31T12:00:00Z" }, "Scheduled runs act as you. Counts on what you may do as of the last visit here; that lasts until 2026-03-31."],
    ["moved", { ...mine, state: "dag_moved" as const }, "Paused: since you agreed, the DAG moved to another file or bundle, or another bundle claimed its id."],
    ["unseen", { ...mine, state: "dag_unseen" as const }, "Paused: it is not known where the DAG was last parsed from. An admin has to install this package where the DAG processor runs."],
    ["of no bundle", { ...mine, state: "bundle_unknown" as const }, "Void: your consent does not say for which bundle's DAG it is. Agree again."],
    ["my sign-in has lapsed", { ...mine, state: "sign_in_needed" as const }, "Paused: your sign-in does not work any more. Sign in again, or somebody else may take your place."],
  ])("%s", (_, consent, message) => {
    expect(delegationMessage(consent, NOW)).toBe(message);
  });
  const bob = { ...mine, is_me: false, user_name: "bob" };
  test.each<[string, Delegation[], Delegation | null]>([
    ["nobody agreed", [], null],
    ["to another account", [{ ...mine, conn_id: "google" }], null],
    ["mine", [bob, mine], mine],
    ["somebody else's in force", [bob], bob],
    ["somebody else's, over", [{ ...bob, state: "expired" }], null],
    ["somebody else's, whose sign-in has lapsed", [{ ...bob, state: "sign_in_needed" }], null],
  ])("what matters: %s", (_, all, expected) => {
    expect(relevant(all, "github")).toEqual(expected);
  });
  const accidents = "This guards against accidents, not against whoever may write into the bundle.";
  const covered = "When the DAG's file, or what it imports from its bundle, changes, you are asked again.";
  test.each<[string, boolean, string[], string]>([
    ["all is covered", true, [], `${covered} ${accidents}`],
    ["a place is open", true, ["a.py:3 exec"], `${covered} Cannot be followed: a.py:3 exec. ${accidents}`],
    ["imports are not known", false, [], `What the DAG imports is not known yet. It can be pinned once the DAG processor, with this package installed, has parsed it. ${accidents}`],
  ])("pinning: %s", (_, imports_known, unknown_imports, hint) => {
    expect(pinHint({ delegations: [], allowed: true, bundle: "main", file: "daily.py", imports_known, unknown_imports })).toBe(hint);
  });
  test("asks for nothing by itself, and pins by itself", () => {
    expect(formOf(null)).toEqual({ scheduled: false, asset_events: false, until: "", pinned: true });
  });
  test("what was agreed comes back unchanged", () => {
    expect(requestOf("github", formOf(mine))).toEqual({
      conn_id: "github",
      scheduled: true,
      asset_events: false,
      expires_at: null,
      pinned: true,
    });
  });
  test.each<[string, Partial<Delegation>, string, boolean]>([
    ["in force", {}, "In force", true],
    ["in force, with an end", { expires_at: "2026-03-04T13:00:00Z" }, "In force, ends in 3 days", true],
    ["over", { state: "expired" }, "Ended", false],
    ["new code", { state: "code_changed" }, "Paused: the DAG's code changed", false],
    ["its user is gone", { state: "delegate_gone" }, "Void: this user is gone", false],
    ["not entitled", { state: "not_entitled" }, "Void: this user may not trigger the DAG any more", false],
    ["rights unknown", { state: "rights_unknown" }, "Paused: it is not known whether this user may still trigger the DAG", false],
    ["moved", { state: "dag_moved" }, "Paused: the DAG moved, or another bundle claims its id", false],
    ["unseen", { state: "dag_unseen" }, "Paused: it is not known where the DAG was last parsed from", false],
    ["of no bundle", { state: "bundle_unknown" }, "Void: made before the DAG's bundle was recorded", false],
    ["its user has to sign in", { state: "sign_in_needed" }, "Paused: this user has to sign in again", false],
  ])("an admin reads: %s", (_, parts, state, active) => {
    expect(delegationState({ ...mine, ...parts }, NOW)).toEqual({ runs: "Scheduled runs", state, active });
  });
});

describe("people signed in", () => {
  test.each([
    [0, 0, "Nobody"],
    [3, 0, "3"],
    [3, 1, "3, of whom 1 has to sign in again"],
    [3, 2, "3, of whom 2 have to sign in again"],
  ])("%d, %d lapsed: %s", (sign_ins, lapsed, message) => {
    expect(signInCountMessage({ sign_ins, lapsed } as AccountOverview)).toBe(message);
  });
});

describe("a use", () => {
  test.each([
    [1, 1, ""],
    [2, 1, "try 2, "],
    [1, 3, "3 times, last "],
    [2, 3, "try 2, 3 times, last "],
  ])("try %d, %d times: '%s'", (try_number, times, message) => {
    expect(usageMessage({ try_number, times } as Usage)).toBe(message);
  });
});

describe("answers", () => {
  test.each([
    ["a choice", "bob", ["Approve"], [], "bob answered this task: Approve,"],
    ["several", "bob", ["A", "B"], [], "bob answered this task: A, B,"],
    ["free input", "bob", ["Approve"], ["amount", "to"], "bob answered this task: Approve, and filled in amount, to,"],
    ["no answer in time", "", ["Reject"], [], "Nobody answered this task in time: Reject,"],
  ])("%s", (_name, user_name, options, free_input, message) => {
    expect(answerMessage({ user_name, options, free_input })).toBe(message);
  });
});

describe("reasons", () => {
  test.each([
    ["none", "", []],
    ["one, without a heading", "Because.", [{ heading: null, text: "Because." }]],
    [
      "with headings, over several lines",
      "One\nfirst\nline\n\n\nTwo\nsecond\n",
      [
        { heading: "One", text: "first line" },
        { heading: "Two", text: "second" },
      ],
    ],
  ])("%s", (_, why, expected) => {
    expect(paragraphs(why)).toEqual(expected);
  });
});
