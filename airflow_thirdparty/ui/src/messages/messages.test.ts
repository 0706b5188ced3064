import { describe, expect, test } from "vitest";

import type { AccountOverview, AccountView, Delegation, TaskAccount, TaskAccountUse, Usage } from "../api/types";
import { grantCommand, signInCountMessage } from "./administration";
import { readiness } from "./dag";
import { affected, filterLabel, neededBy, pageMessage, summary } from "./groups";
import { delegationMessage, delegationState, formOf, offered, pinHint, relevant, requestOf } from "./delegation";
import { announcement, appearanceOf, epithetOf, hasSignIn, nameOf, remedySentence, shortScope, signInLabel, PALETTES } from "./status";
import { dayOf, distance, endMessage, endOfDay, expiryMessage } from "./time";
import { answerMessage, nextStep, overMessage, type Step } from "./task";
import { usageMessage } from "./usage";
import { paragraphs } from "./why";

const BOTH = { scheduled: true, asset_events: true };
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
  scope_words: {},
  missing_scopes: [],
  expires_at: null,
  refreshable: false,
  ends_at: null,
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
    const labels = Object.keys(PALETTES).map((status) => appearanceOf(status).label);
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
    ["none", null, "Scheduled runs act for no user, and get no access."],
    ["schedule", mine, "Scheduled runs act as you."],
    ["assets only", { ...mine, scheduled: false, asset_events: true }, "Runs started by asset events act as you."],
    ["both, with an end", { ...mine, asset_events: true, expires_at: "2026-03-04T13:00:00Z" }, "Scheduled runs and asset events act as you, ends in 3 days."],
    ["over", { ...mine, state: "expired" as const }, "Your consent for scheduled runs has ended."],
    ["somebody else's", { ...mine, is_me: false, user_name: "bob" }, "Scheduled runs act as bob."],
    ["somebody else's, new code", { ...mine, is_me: false, user_name: "bob", state: "code_changed" as const }, "Paused: the DAG's code changed since bob agreed."],
    ["its user is gone", { ...mine, is_me: false, state: "delegate_gone" as const }, "Scheduled runs act for no user, and get no access."],
    ["new code", { ...mine, state: "code_changed" as const }, "Paused: the DAG's code changed since you agreed."],
    ["not entitled", { ...mine, state: "not_entitled" as const }, "Void: you may not trigger this DAG any more. Somebody else may take your place."],
    ["rights unknown", { ...mine, state: "rights_unknown" as const }, "Paused: it is not known whether you may still trigger this DAG."],
    ["rights of the last visit", { ...mine, rights_until: "2026-03-31T12:00:00Z" }, "Scheduled runs act as you. Counts on what you may do as of the last visit here; that lasts until 2026-03-31."],
    ["moved", { ...mine, state: "dag_moved" as const }, "Paused: since you agreed, the DAG moved to another file or bundle, or another bundle claimed its id."],
    ["unseen", { ...mine, state: "dag_unseen" as const }, "Paused: it is not known where the DAG was last parsed from. An admin has to install this package where the DAG processor runs."],
    ["of no bundle", { ...mine, state: "bundle_unknown" as const }, "Void: your consent does not say for which bundle's DAG it is. Agree again."],
    ["my sign-in has lapsed", { ...mine, state: "sign_in_needed" as const }, "Paused: your sign-in does not work any more. Sign in again, or somebody else may take your place."],
  ])("%s", (_, consent, message) => {
    expect(delegationMessage(consent, BOTH, NOW)).toBe(message);
  });
  test("where only asset events start runs, nothing is said of a schedule", () => {
    expect(delegationMessage(null, { scheduled: false, asset_events: true }, NOW)).toBe(
      "Runs started by asset events act for no user, and get no access.",
    );
  });
  test.each([
    ["a schedule, signed in", true, false, true, true],
    ["asset events, signed in", false, true, true, true],
    ["nothing starts it by itself", false, false, true, false],
    ["not signed in", true, true, false, false],
  ])("is offered: %s", (_, scheduled, asset_events, isSignedIn, expected) => {
    expect(offered({ scheduled, asset_events }, isSignedIn)).toBe(expected);
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
  test.each([
    ["a schedule alone", { scheduled: true, asset_events: false }, true],
    ["asset events alone", { scheduled: false, asset_events: true }, false],
    ["both", BOTH, false],
  ])("asks for no choice where there is one, and pins by itself: %s", (_, starters, scheduled) => {
    expect(formOf(null, starters)).toEqual({ scheduled, asset_events: false, until: "", pinned: true });
  });
  test("what was agreed comes back unchanged", () => {
    expect(requestOf("github", formOf(mine, BOTH))).toEqual({
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
    ["in force, pinned", { pinned: true }, "In force, for the present code only", true],
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
    expect(delegationState({ ...mine, pinned: false, ...parts }, NOW)).toEqual({ runs: "Scheduled runs", state, active });
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
    [1, 1, "now"],
    [2, 1, "try 2, now"],
    [1, 3, "3 times, last now"],
    [2, 3, "try 2, 3 times, last now"],
  ])("try %d, %d times: '%s'", (try_number, times, message) => {
    expect(usageMessage({ try_number, times } as Usage, "now")).toBe(message);
  });
});

describe("answers", () => {
  test.each([
    ["a choice", "bob", ["Approve"], [], "bob answered this task: Approve, now"],
    ["several", "bob", ["A", "B"], [], "bob answered this task: A, B, now"],
    ["free input", "bob", ["Approve"], ["amount", "to"], "bob answered this task: Approve, and filled in amount, to, now"],
    ["no answer in time", "", ["Reject"], [], "Nobody answered this task in time: Reject, now"],
  ])("%s", (_name, user_name, options, free_input, message) => {
    expect(answerMessage({ user_name, options, free_input, at: "" }, "now")).toBe(message);
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

describe("a DAG's accounts before the run", () => {
  const entry = (parts: Partial<AccountView>) => ({ account: account(parts), found_in: [] });
  const ready = entry({ status: "signed_in" });
  const problem = { code: "account_misconfigured", message: "", remedy: "", field: null, link: null };
  test.each<[string, ReturnType<typeof entry>[], string[], boolean, string]>([
    ["all of one", [ready], [], true, "Ready to run as you"],
    ["none of one", [entry({})], [], false, "Not ready to run as you"],
    ["some", [ready, ready, entry({ status: "lapsed" })], [], false, "2 of 3 ready to run as you"],
    ["all of some", [ready, ready], [], true, "2 of 2 ready to run as you"],
    ["one is gone", [ready], ["deleted"], false, "1 of 2 ready to run as you"],
    ["one does not work", [ready, entry({ status: "signed_in", problem })], [], false, "1 of 2 ready to run as you"],
  ])("%s", (_, accounts, missing, isReady, text) => {
    expect(readiness({ accounts, missing })).toEqual({ ready: isReady, text });
  });
});

describe("after a refusal", () => {
  const task = (
    acting: Partial<TaskAccount["acting_user"]> = {},
    started_by: TaskAccount["started_by"] = "person",
  ): TaskAccount => ({
    acting_user: { user_name: "alice", is_me: true, delegated: false, reason: "", ...acting },
    uses: [],
    human_answer: null,
    state: "failed",
    started_by,
  });
  const refused = (code: string, mine: AccountView | null = account()): TaskAccountUse => ({
    conn_id: "github",
    account: mine,
    outcome: "refused",
    user_name: null,
    at: "2026-03-01T11:00:00Z",
    error: { code, message: "", remedy: "", field: null, link: null },
  });
  const others = { is_me: false };
  const nobody = { user_name: null, is_me: false };
  test.each<[string, TaskAccountUse, TaskAccount, Step["kind"] | null, string]>([
    ["mine, not signed in", refused("sign_in_required"), task(), "sign_in", ""],
    ["alice's, seen by another", refused("sign_in_required"), task(others), "others", "It is alice's move"],
    ["lent by alice, seen by another", refused("sign_in_lapsed"), task({ ...others, delegated: true }, "schedule"), "others", "The next run then goes ahead."],
    ["acts for no user", refused("acting_user_unknown"), task(nobody), "own_run", "A run that you trigger acts as you."],
    ["from the command line", refused("acting_user_unknown"), task(nobody, "command_line"), "own_run", "stays without a user"],
    ["nobody lets the schedule", refused("acting_user_unknown"), task(nobody, "schedule"), "delegate", "whoever lets them"],
    ["I let the schedule since", refused("acting_user_unknown"), task({ delegated: true }, "schedule"), "run_again", ""],
    ["cleared by another", refused("rerun_by_other_user"), task(nobody), "own_run", ""],
    ["an admin's", refused("account_misconfigured"), task(), "others", "an Airflow admin's move"],
    ["not allowed", refused("account_not_allowed"), task(), "others", "an Airflow admin's move"],
    ["the service is away, mine", refused("service_unavailable"), task(), "run_again", ""],
    ["the service is away, another's", refused("service_unavailable"), task(others), "others", "alice can run the task again"],
    ["something new", refused("made_tomorrow"), task(), null, ""],
  ])("whose move: %s", (_, use, seen, kind, words) => {
    const step = nextStep(use, seen);
    expect(step?.kind ?? null).toBe(kind);
    expect(step !== null && "text" in step ? step.text : "").toContain(words);
  });
  test.each<[string, TaskAccountUse, TaskAccount, string | null]>([
    ["I am signed in now", refused("sign_in_required", signedIn), task(), "You are signed in now."],
    ["I am not", refused("sign_in_required"), task(), null],
    ["I am, but it is alice's task", refused("sign_in_required", signedIn), task(others), null],
    ["it acts as me now", refused("acting_user_unknown", signedIn), task(), "It acts as you now."],
    ["still misconfigured", refused("account_misconfigured", signedIn), task(), null],
  ])("what is over: %s", (_, use, seen, words) => {
    const said = overMessage(use, seen);
    expect(words === null ? said : said?.endsWith(words)).toBe(words === null ? null : true);
  });
});

test.each([
  ["one", ["User"], "airflow third-party-accounts grant-role User"],
  ["several", ["User", "Viewer"], "airflow third-party-accounts grant-role User Viewer"],
  ["with a blank", ["Data team"], "airflow third-party-accounts grant-role 'Data team'"],
  ["with a quote", ["a'b; c"], "airflow third-party-accounts grant-role 'a'\\''b; c'"],
])("the command that lets roles find the page: %s", (_, roles, command) => {
  expect(grantCommand(roles)).toBe(command);
});

describe("a person's accounts in groups", () => {
  const counts = (needs_you: number, connected: number, available: number) => ({ needs_you, connected, available });
  test.each([
    ["none needs them", counts(0, 2, 5), 7, "Nothing needs you"],
    ["one does", counts(1, 2, 5), 8, "1 account needs you"],
    ["some do", counts(3, 0, 0), 3, "3 accounts need you"],
    ["the only one is ready", counts(0, 1, 0), 1, "Your account is ready"],
    ["the only one is not used", counts(0, 0, 1), 1, "Nothing needs you"],
  ])("the heading counts what needs them alone: %s", (_, counted, all, text) => {
    expect(summary({ counts: counted, all })).toBe(text);
  });
  test("a filter says how many it shows", () => {
    expect([null, "needs_you", "available"].map((group) => filterLabel(group as null, counts(1, 2, 3)))).toEqual([
      "All 6",
      "Needs you 1",
      "Available 3",
    ]);
  });
  test.each([
    [["etl"], "Needed by your DAG etl"],
    [["a", "b"], "Needed by your DAGs a, b"],
    [["a", "b", "c", "d", "e"], "Needed by a, b, c and 2 more of your DAGs"],
  ])("needed by %j", (dags, text) => {
    expect(neededBy(dags)).toBe(text);
  });
  test.each([
    [0, "1 to 50 of 120"],
    [100, "101 to 120 of 120"],
  ])("a page from %i", (offset, text) => {
    expect(pageMessage(offset, 50, 120)).toBe(text);
  });
  test("signing out says what it touches", () => {
    expect(affected({ delegated: [], triggered: [] })).toEqual([]);
    expect(affected({ delegated: ["daily"], triggered: ["a", "b", "c", "d"] })).toEqual([
      "Scheduled runs stop acting as you: daily.",
      "DAGs you triggered lately use it: a, b, c and 1 more.",
    ]);
  });
});

describe("the end of a sign-in", () => {
  test.each<[string, string | null, boolean, string, boolean]>([
    ["none", null, false, "", false],
    ["far, no refresh", "2026-05-01T12:00:00Z", false, "", false],
    ["near, no refresh", "2026-03-03T13:00:00Z", false, "Ends in 2 days, and cannot refresh itself. Reconnect before.", true],
    ["far, when unused", "2026-05-01T12:00:00Z", true, "Ends in 2 months if no task uses it before.", false],
    ["near, when unused", "2026-03-03T13:00:00Z", true, "Ends in 2 days if no task uses it before.", true],
  ])("%s", (_, ends_at, refreshable, text, soon) => {
    expect(endMessage({ ends_at, refreshable }, NOW)).toEqual({ text, soon });
  });
});
