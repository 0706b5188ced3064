import { expect, test } from "vitest";

import { lastPage, pageMessage } from "./groups";

test.each([
  [0, 0],
  [1, 0],
  [50, 0],
  [51, 50],
  [100, 50],
  [230, 200],
])("the last page of %d begins at %d", (total, first) => {
  expect(lastPage(50, total)).toBe(first);
});

test("the last page is told to its end", () => {
  expect(pageMessage(lastPage(50, 230), 50, 230)).toContain("230");
});
