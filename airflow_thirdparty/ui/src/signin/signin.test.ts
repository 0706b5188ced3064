import { describe, expect, test } from "vitest";

import type { AccountView, Problem } from "../api/types";
import { CLOSED_MS, type Flow, type FlowEvent, IDLE, step, TIMEOUT_MS } from "./flow";
import { isSignInEvent } from "./signInEvents";
import { IDLE as NO_WALK, step as walkOn, type Walk, type WalkEvent } from "./walk";

const problem = (code: string): Problem => ({ code, message: "m", remedy: "r" });
const waiting: Flow = { phase: "waiting", since: 0, before: "then", closedSince: null };
const gone: Flow = { ...waiting, closedSince: 1_000 };
const view = (parts: Partial<AccountView>): AccountView => ({ signed_in_at: "then", problem: null, ...parts }) as AccountView;
const tick = (now: number, windowClosed = false, pageFocused = true): FlowEvent => ({
  type: "tick",
  now,
  windowClosed,
  pageFocused,
});

describe("the course of a sign-in", () => {
  test.each<[string, Flow, FlowEvent, Flow]>([
    ["a click starts it", IDLE, { type: "start" }, { phase: "starting" }],
    ["the service takes over", { phase: "starting" }, { type: "started", now: 0, before: "then" }, waiting],
    ["a late start is not believed", IDLE, { type: "started", now: 0, before: null }, IDLE],
    ["the server refuses", { phase: "starting" }, { type: "failed", problem: problem("x") }, { phase: "failed", problem: problem("x") }],
    ["another person than before", { phase: "starting" }, { type: "failed", problem: problem("other_subject") }, { phase: "conflict", problem: problem("other_subject") }],
    ["the window reports a refusal", waiting, { type: "refused", problem: problem("access_denied") }, { phase: "failed", problem: problem("access_denied") }],
    ["a refusal in another tab is not ours", IDLE, { type: "refused", problem: problem("access_denied") }, IDLE],
    ["the old sign-in is still there", waiting, { type: "seen", account: view({}) }, waiting],
    ["a new sign-in ends it", waiting, { type: "seen", account: view({ signed_in_at: "now" }) }, IDLE],
    ["signed out elsewhere meanwhile", waiting, { type: "seen", account: view({ signed_in_at: null }) }, waiting],
    ["the account reports another person", waiting, { type: "seen", account: view({ problem: problem("other_subject") }) }, { phase: "conflict", problem: problem("other_subject") }],
    ["the window seems closed", waiting, tick(1_000, true), gone],
    ["closed, but the user is elsewhere", waiting, tick(1_000, true, false), waiting],
    ["it was not closed after all", gone, tick(2_000), waiting],
    ["closed, and not for long", gone, tick(1_000 + CLOSED_MS, true), gone],
    ["dismissed", waiting, { type: "dismiss" }, IDLE],
  ])("%s", (_, flow, event, expected) => {
    expect(step(flow, event)).toEqual(expected);
  });

  test.each<[string, Flow, FlowEvent, string]>([
    ["closed for good", gone, tick(1_001 + CLOSED_MS, true), "window_closed"],
    ["over time", waiting, tick(TIMEOUT_MS + 1), "timed_out"],
  ])("%s", (_, flow, event, code) => {
    expect(step(flow, event)).toMatchObject({ phase: "failed", problem: { code } });
  });
});

describe("events of sign-in windows", () => {
  test.each<[string, unknown, boolean]>([
    ["whole", { type: "sign-in", conn_id: "github", ok: true }, true],
    ["of another kind", { type: "other", conn_id: "github", ok: true }, false],
    ["without an account", { type: "sign-in", ok: true }, false],
    ["with a text for a truth", { type: "sign-in", conn_id: "github", ok: "true" }, false],
    ["nothing", null, false],
    ["a text", "sign-in", false],
  ])("%s", (_, data, expected) => {
    expect(isSignInEvent(data)).toBe(expected);
  });
});

describe("the walk through several sign-ins", () => {
  const [a, b] = ["a", "b"].map((conn_id) => view({ conn_id })) as [AccountView, AccountView];
  const first: Walk = { phase: "under_way", done: [], rest: [a, b] };
  const second: Walk = { phase: "under_way", done: ["a"], rest: [b] };
  test.each<[string, Walk, WalkEvent, Walk]>([
    ["begins with the first", NO_WALK, { type: "start", accounts: [a, b] }, first],
    ["nothing to walk through", NO_WALK, { type: "start", accounts: [] }, NO_WALK],
    ["goes on to the next", first, { type: "signed_in", connId: "a" }, second],
    ["another one's success is not its own", first, { type: "signed_in", connId: "b" }, first],
    ["ends with the last", second, { type: "signed_in", connId: "b" }, NO_WALK],
    ["a failure ends it", first, { type: "failed", problem: problem("x") }, { phase: "stopped", problem: problem("x") }],
    ["so does a closed window, without words", second, { type: "closed" }, { phase: "stopped", problem: null }],
    ["a failure of nothing", NO_WALK, { type: "failed", problem: problem("x") }, NO_WALK],
    ["stopped by hand", first, { type: "cancel" }, NO_WALK],
  ])("%s", (_, walk, event, expected) => {
    expect(walkOn(walk, event)).toEqual(expected);
  });
});
