import { describe, expect, test } from "vitest";

import type { Preset, PresetInGallery } from "../api/types";
import { complaintOf, draftOf, found, lossMessages, requestOf } from "./registry";
import { initials } from "./status";

const service = (id: string, name: string): PresetInGallery => ({ id, name, kind: "oauth2", icon: id });

test.each([
  ["", ["github", "google_drive"]],
  ["git", ["github"]],
  ["  DRIVE google ", ["google_drive"]],
  ["google_drive", ["google_drive"]],
  ["nothing", []],
])("a search for '%s'", (search, ids) => {
  const presets = [service("github", "GitHub"), service("google_drive", "Google Drive")];
  expect(found(presets, search).map(({ id }) => id)).toEqual(ids);
});

test.each([
  ["GitHub", "G"],
  ["Google Drive", "GD"],
  ["Autodesk Platform Services", "AP"],
  ["box.com", "BC"],
  ["Atlassian (Jira, Confluence)", "AJ"],
  ["", ""],
])("the initials of '%s' are %s", (name, letters) => {
  expect(initials(name)).toBe(letters);
});

describe("an account while it is typed", () => {
  const preset = { id: "github", name: "GitHub", kind: "oauth2" } as Preset;
  test("begins with the service's own id", () => {
    expect(draftOf(preset).conn_id).toBe("github");
  });
  test("is sent without what is empty, and with the secret as it was typed", () => {
    const draft = {
      ...draftOf(preset),
      conn_id: " github ",
      login: " id ",
      secret: " a secret with blanks ",
      scope_sets: ["user", "gists"],
      extra: { tenant: " acme ", domain: " " },
    };
    expect(requestOf(preset, draft)).toEqual({
      conn_id: "github",
      login: "id",
      secret: " a secret with blanks ",
      host: null,
      extra: { service: "github", tenant: "acme", scope_sets: "user gists" },
    });
  });
  const field = { label: "domain", pattern: "[a-z]+(\\.[a-z]+)*", example: "acme.example", default: "" };
  test.each([
    ["", null],
    ["acme.example", null],
    [" acme ", null],
    ["https://acme", "No address of this service looks so. An example: acme.example"],
  ])("a tenant of '%s'", (value, complaint) => {
    expect(complaintOf(field, value)).toBe(complaint);
  });
  test("a pattern that only the server understands complains of nothing", () => {
    expect(complaintOf({ ...field, pattern: "(?P<name>x)" }, "y")).toBe(null);
  });
});

test.each([
  ["nobody", { sign_ins: 0, delegations: 0, dags: [] }, ["Nobody is signed in, and no DAG is known to use it."]],
  [
    "some",
    { sign_ins: 2, delegations: 1, dags: ["etl"] },
    [
      "2 people are signed in, and no task can act as them any more.",
      "1 delegation lends nothing any more.",
      "1 DAG uses it and fails: etl.",
      "Sign-ins are kept until they are pruned: an account of the same id and service finds them again.",
    ],
  ],
])("who loses what: %s", (_, losses, lines) => {
  expect(lossMessages(losses)).toEqual(lines);
});
