import { expect, it } from "vitest";
import { readPresence } from "./presence";

it("takes what others send only in the shape that is ours", () => {
  const whole = {
    user: { id: "u1", name: "Ana" },
    color: "#112233",
    page: "p1",
    selection: ["c1"],
    field: { element: "components/c1", path: ["props", "label"], range: [0, 2] },
    draft: "12",
  };
  expect(readPresence(whole)).toEqual(whole);
  for (const bad of [null, 1, "x", [], {}, { user: {} }, { user: { id: 1, name: "x" } }]) {
    expect(readPresence(bad)).toBeUndefined();
  }
  const odd = readPresence({
    ...whole,
    color: "red;background:url(x)",
    page: 7,
    selection: ["c1", {}, 3],
    field: { element: "components/c1", path: "no" },
    draft: {},
  });
  expect(odd).toMatchObject({ page: null, selection: ["c1"], field: null, draft: null });
  expect(odd?.color).toMatch(/^#[0-9a-f]{6}$/);
});

it("bounds what it keeps", () => {
  const selection = Array.from({ length: 5000 }, (_, i) => `c${i}`);
  const value = readPresence({
    user: { id: "u", name: "n".repeat(500) },
    selection,
    draft: "x".repeat(9999),
  });
  expect(value?.selection).toHaveLength(200);
  expect(value?.user.name).toHaveLength(80);
  expect(value?.draft).toHaveLength(1000);
});
