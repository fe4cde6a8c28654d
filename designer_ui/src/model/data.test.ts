import { describe, expect, it } from "vitest";
import { addData, dataOn, duplicateData, removeData, takenNames } from "./data";
import { Bench, catalog, counter } from "./fixture";
import { knownMembers, knownNames } from "./known";

describe("queries, scripts and data sources", () => {
  it("get free names on their page", () => {
    const bench = new Bench();
    const newId = counter();
    bench.run(addData(bench.mirror, "scripts", "p1", newId).op);
    bench.run(addData(bench.mirror, "scripts", "p1", newId).op);
    expect(dataOn(bench.mirror, "scripts", "p1")).toHaveLength(2);
    expect(dataOn(bench.mirror, "scripts", "p2")).toEqual([]);
    expect([...takenNames(bench.mirror, "p1")]).toEqual(
      expect.arrayContaining(["Button1", "getAll", "script1", "script2"]),
    );
  });

  it("app-wide names are taken on every page, and the other way round", () => {
    const { mirror } = new Bench();
    expect(takenNames(mirror, "p2").has("getAll")).toBe(true);
    expect(takenNames(mirror, null).has("Button1")).toBe(true);
    expect(takenNames(mirror, "p2").has("Button1")).toBe(false);
    expect(takenNames(mirror, null, "queries/q1").has("getAll")).toBe(false);
  });

  it("a copy has a name of its own", () => {
    const bench = new Bench();
    const { op, ids } = duplicateData(bench.mirror, "queries/q1", counter());
    bench.run(op);
    expect(bench.mirror.get("queries", ids[0] as string)?.name).toBe("getAll1");
  });

  it("a data source that goes leaves its queries without one", () => {
    const bench = new Bench();
    const { op, ids } = addData(bench.mirror, "dataSources", null, () => "d1");
    bench.run(op);
    bench.run(removeData(bench.mirror, `dataSources/${ids[0]}`));
    expect(bench.mirror.get("queries", "q1")?.dataSource).toBeNull();
    expect(dataOn(bench.mirror, "dataSources", undefined)).toEqual([]);
  });

  it("readers of a list hear of names, pages, and what comes and goes, not of bodies", () => {
    const bench = new Bench();
    let heard = 0;
    bench.mirror.subscribe("list:queries", () => heard++);
    bench.run([{ p: ["queries", "q1", "body", 0], si: "select 1" }]);
    expect(heard).toBe(0);
    bench.run([{ p: ["queries", "q1", "name"], od: "getAll", oi: "all" }]);
    expect(heard).toBe(1);
    bench.run(removeData(bench.mirror, "queries/q1"));
    expect(heard).toBe(2);
  });
});

describe("what expressions may call", () => {
  it("is what is on the page and in the whole app", () => {
    const { mirror } = new Bench();
    expect(knownNames(mirror, catalog, "p1").map((each) => each.name)).toEqual([
      "Box",
      "Button1",
      "Button2",
      "Button3",
      "getAll",
    ]);
    expect(knownNames(mirror, catalog, "p2").map((each) => each.name)).toEqual(["getAll"]);
  });

  it("has members by its kind", () => {
    const bench = new Bench();
    const { op, ids } = addData(bench.mirror, "scripts", null, counter());
    bench.run(op);
    bench.run([
      { p: ["scripts", ids[0] as string, "body", 17], si: "  money(v) {},\n  async go() {},\n" },
    ]);
    const names = (name: string) =>
      knownMembers(bench.mirror, catalog, "p1", name).map((each) => each.name);
    expect(names("getAll")).toContain("data");
    expect(names("script1")).toEqual(["money", "go"]);
    expect(names("nobody")).toEqual([]);
  });
});
