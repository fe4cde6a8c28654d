import { describe, expect, it } from "vitest";
import { Bench, catalog, counter } from "./fixture";
import {
  addPage,
  copyComponents,
  duplicateComponents,
  editText,
  endOf,
  IntentFault,
  insertComponent,
  insertItem,
  moveComponents,
  movePage,
  nudge,
  pasteComponents,
  readClip,
  removeComponents,
  removePage,
  setInAll,
  setValue,
  targetFor,
} from "./intents";
import type { Op } from "./op";
import type { ComponentType } from "./types";

const button = catalog.latest("Button") as ComponentType;

describe("insert", () => {
  it("takes the first free name of the page and the type's defaults", () => {
    const bench = new Bench();
    const target = targetFor(bench.mirror, catalog, "p1", undefined, "Button");
    const { op, ids } = insertComponent(bench.mirror, button, target, counter());
    bench.run(op);
    expect(bench.mirror.get("components", ids[0] as string)).toMatchObject({
      name: "Button4",
      props: { label: "Button" },
      place: { page: "p1", slot: "content" },
    });
    expect(bench.mirror.children("pages/p1").at(-1)).toBe(ids[0]);
  });

  it("goes into a selected container and after a selected leaf", () => {
    const { mirror } = new Bench();
    expect(targetFor(mirror, catalog, "p1", "box", "Button")).toEqual({
      owner: "components/box",
      slot: "content",
      index: 2,
    });
    expect(targetFor(mirror, catalog, "p1", "b1", "Button")).toEqual({
      owner: "components/box",
      slot: "content",
      index: 1,
    });
  });

  it("re-keys a sibling that ties with its neighbour, in the same op", () => {
    const bench = new Bench();
    bench.run([
      {
        p: ["components", "b2", "place"],
        od: null,
        oi: { parent: "box", slot: "content", order: "a0" },
      },
    ]);
    const { op, ids } = insertComponent(
      bench.mirror,
      button,
      { owner: "components/box", slot: "content", index: 1 },
      counter(),
    );
    bench.run(op);
    expect(bench.mirror.children("components/box")).toEqual(["b1", ids[0], "b2"]);
  });
});

describe("move", () => {
  it("sets the whole place, and counts the index among those that stay", () => {
    const bench = new Bench();
    const op = moveComponents(
      bench.mirror,
      catalog,
      ["b1"],
      endOf(bench.mirror, "pages/p2", "content"),
    );
    expect(op).toHaveLength(1);
    expect(op[0]?.p).toEqual(["components", "b1", "place"]);
    bench.run(op);
    expect(bench.mirror.children("pages/p2")).toEqual(["b1"]);
    expect(bench.mirror.children("components/box")).toEqual(["b2"]);
  });

  it("is no op when nothing changes place", () => {
    const { mirror } = new Bench();
    expect(
      moveComponents(mirror, catalog, ["b1"], {
        owner: "components/box",
        slot: "content",
        index: 0,
      }),
    ).toEqual([]);
  });

  it("refuses a container inside itself and a child its slot does not take", () => {
    const bench = new Bench();
    expect(() =>
      moveComponents(
        bench.mirror,
        catalog,
        ["box"],
        endOf(bench.mirror, "components/box", "content"),
      ),
    ).toThrow(IntentFault);
    const card = catalog.latest("Card") as ComponentType;
    const { op, ids } = insertComponent(
      bench.mirror,
      card,
      endOf(bench.mirror, "pages/p1", "content"),
      counter(),
    );
    bench.run(op);
    expect(() =>
      moveComponents(
        bench.mirror,
        catalog,
        ["b1"],
        endOf(bench.mirror, `components/${ids[0]}`, "header"),
      ),
    ).toThrow(IntentFault);
  });

  it("moves by keys: up, down, out, in", () => {
    const bench = new Bench();
    bench.run(nudge(bench.mirror, catalog, "b2", "up"));
    expect(bench.mirror.children("components/box")).toEqual(["b2", "b1"]);
    bench.run(nudge(bench.mirror, catalog, "b2", "down"));
    expect(bench.mirror.children("components/box")).toEqual(["b1", "b2"]);
    bench.run(nudge(bench.mirror, catalog, "b1", "out"));
    expect(bench.mirror.children("pages/p1")).toEqual(["box", "b1", "b3"]);
    bench.run(nudge(bench.mirror, catalog, "b1", "in"));
    expect(bench.mirror.children("components/box")).toEqual(["b2", "b1"]);
    expect(nudge(bench.mirror, catalog, "box", "up")).toEqual([]);
  });
});

describe("remove", () => {
  it("takes the subtree, once", () => {
    const bench = new Bench();
    const op = removeComponents(bench.mirror, ["b1", "box"]);
    expect(op.map((each) => each.p[1]).sort()).toEqual(["b1", "b2", "box"]);
    bench.run(op);
    expect(bench.mirror.children("pages/p1")).toEqual(["b3"]);
  });
});

it("leaves the inside of something very large to the server", () => {
  const bench = new Bench();
  const many: Op = Array.from({ length: 1000 }, (_, i) => ({
    p: ["components", `m${i}`],
    oi: {
      type: "Button",
      typeVersion: 1,
      name: `M${i}`,
      place: { parent: "box", slot: "content", order: `a1${i}V` },
      props: {},
    },
  }));
  bench.run(many);
  expect(removeComponents(bench.mirror, ["box"]).map((each) => each.p[1])).toEqual(["box"]);
  expect(removePage(bench.mirror, "p1").map((each) => each.p)).toEqual([["pages", "p1"]]);
});

describe("values", () => {
  it("replaces with od, adds with oi, takes away with od, and is nothing for the same value", () => {
    const { mirror } = new Bench();
    const set = (value: string | undefined) =>
      setValue(mirror, "components/b1", ["props", "label"], value);
    expect(set("New")).toEqual([
      { p: ["components", "b1", "props", "label"], od: "Save", oi: "New" },
    ]);
    expect(set(undefined)).toEqual([{ p: ["components", "b1", "props", "label"], od: "Save" }]);
    expect(set("Save")).toEqual([]);
  });

  it("makes missing objects on the way in one piece", () => {
    const { mirror } = new Bench();
    expect(setValue(mirror, "components/b1", ["style", "width"], "full")).toEqual([
      { p: ["components", "b1", "style"], oi: { width: "full" } },
    ]);
  });

  it("sends text as the smallest edit", () => {
    const { mirror } = new Bench();
    expect(editText(mirror, "components/b1", ["props", "label"], "Save all")).toEqual([
      { p: ["components", "b1", "props", "label", 4], si: " all" },
    ]);
  });

  it("makes the list of a first item", () => {
    const { mirror } = new Bench();
    expect(
      insertItem(mirror, "components/b1", ["props", "options"], 0, { label: "A", value: "a" }),
    ).toEqual([{ p: ["components", "b1", "props", "options"], oi: [{ label: "A", value: "a" }] }]);
  });
});

describe("pages", () => {
  it("adds at the end, reorders, and removes with contents", () => {
    const bench = new Bench();
    const { op, ids } = addPage(bench.mirror, "Three", counter());
    bench.run(op);
    expect(bench.mirror.pages()).toEqual(["p1", "p2", ids[0]]);
    bench.run(movePage(bench.mirror, ids[0] as string, 0));
    expect(bench.mirror.pages()).toEqual([ids[0], "p1", "p2"]);
    bench.run(removePage(bench.mirror, "p1"));
    expect(bench.mirror.pages()).toEqual([ids[0], "p2"]);
    expect(bench.mirror.count("components")).toBe(0);
    bench.run(removePage(bench.mirror, "p2"));
    expect(() => removePage(bench.mirror, ids[0] as string)).toThrow(IntentFault);
  });
});

describe("clipboard", () => {
  it("pastes under new ids and free names, children with their parents", () => {
    const bench = new Bench();
    const clip = readClip(JSON.stringify(copyComponents(bench.mirror, ["box", "b1"])));
    if (!clip) throw new Error("the clip is ours");
    const { op, ids } = pasteComponents(
      bench.mirror,
      catalog,
      clip,
      endOf(bench.mirror, "pages/p1", "content"),
      counter(),
    );
    bench.run(op);
    const children = bench.mirror.children(`components/${ids[0]}`);
    expect(children).toHaveLength(2);
    const names = [...bench.mirror.ids("components")].map(
      (id) => bench.mirror.get("components", id)?.name,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("takes nothing that is not a clip", () => {
    expect(readClip("hello")).toBeUndefined();
    expect(readClip('{"format":"other"}')).toBeUndefined();
    expect(readClip('{"format":"coweave-clip","roots":["x"],"components":{}}')).toBeUndefined();
  });

  it("duplicates after the original", () => {
    const bench = new Bench();
    const { op, ids } = duplicateComponents(bench.mirror, catalog, ["b1"], counter());
    bench.run(op);
    expect(bench.mirror.children("components/box")).toEqual(["b1", ids[0], "b2"]);
  });
});

describe("many at once", () => {
  it("sets a value where it differs", () => {
    const bench = new Bench();
    bench.run(setInAll(bench.mirror, ["b1", "b2", "b3"], ["props", "label"], "Go"));
    for (const id of ["b1", "b2", "b3"]) {
      expect(bench.mirror.get("components", id)?.props.label).toBe("Go");
    }
    expect(setInAll(bench.mirror, ["b1", "b2"], ["props", "label"], "Go")).toEqual([]);
  });
});

describe("a clip from anywhere", () => {
  const clip = () => copyComponents(new Bench().mirror, ["box"]);
  const read = (change: (clip: ReturnType<typeof copyComponents>) => void) => {
    const made = clip();
    change(made);
    return readClip(JSON.stringify(made));
  };

  it("comes back as it was copied", () => {
    expect(read(() => {})).toEqual(clip());
  });

  it("is not taken when it is not whole", () => {
    expect(read((each) => each.roots.push("nobody"))).toBeUndefined();
    expect(read((each) => Object.assign(each, { formatVersion: 2 }))).toBeUndefined();
    expect(read((each) => Object.assign(each, { components: null }))).toBeUndefined();
    expect(
      read((each) => Object.assign(each.components.b1 as object, { place: null })),
    ).toBeUndefined();
    expect(readClip("{not json")).toBeUndefined();
    expect(readClip("select 1")).toBeUndefined();
  });

  it("loses what hangs on none of its roots, such as a loop", () => {
    const found = read((each) => {
      Object.assign(each.components.b1 as object, {
        place: { parent: "b2", slot: "content", order: "a0" },
      });
      Object.assign(each.components.b2 as object, {
        place: { parent: "b1", slot: "content", order: "a0" },
      });
    });
    expect(Object.keys(found?.components ?? {})).toEqual(["box"]);
  });

  it("gets new ids inside and out, also in what it depends on", () => {
    const bench = new Bench();
    const made = clip();
    Object.assign(made.components.b1 as object, { dependencies: ["b2", "q1", "elsewhere"] });
    const { op, ids } = pasteComponents(
      bench.mirror,
      catalog,
      made,
      endOf(bench.mirror, "pages/p2", "content"),
      counter(),
    );
    bench.run(op);
    const [box] = ids as [string];
    const [first, second] = bench.mirror.children(`components/${box}`) as [string, string];
    expect([box, first, second]).not.toContain("b1");
    expect(bench.mirror.get("components", first)).toMatchObject({
      name: "Button1",
      dependencies: [second, "q1"],
    });
  });
});
