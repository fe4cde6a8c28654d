import type { Connection } from "sharedb/lib/client";
import { describe, expect, it } from "vitest";
import type { Lease } from "../model/leases";
import { DesignLeases, type LeaseNews } from "./leases";

type Listener = (value: never) => void;

/** A connection whose other end is the test. */
class Line {
  state = "connecting";
  readonly sent: { [key: string]: unknown }[] = [];
  private readonly listeners = new Map<string, Set<Listener>>();

  on(event: string, listener: Listener): void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(message: { [key: string]: unknown }): void {
    this.sent.push(message);
  }

  emit(event: string, value?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value as never);
  }

  goes(state: string): void {
    this.state = state;
    this.emit("state");
    if (state === "connected") this.emit("connected");
  }

  /** What is left of the message for those who listen later. */
  says(message: { [key: string]: unknown }): unknown {
    const request = { data: { c: "designs", d: "d1", ...message } };
    this.emit("receive", request);
    return request.data;
  }
}

const lease: Lease = {
  element: "components/c1",
  kind: "hard",
  contents: false,
  holder: { id: "u2", name: "Ben" },
  session: "s",
  token: 3,
  since: 1,
  until: 600_001,
  reason: "",
};

function open(): { line: Line; leases: DesignLeases } {
  const line = new Line();
  const leases = new DesignLeases(line as unknown as Connection, "d1");
  line.goes("connected");
  return { line, leases };
}

describe("the leases of a design", () => {
  it("are asked for on each connection, and unknown without one", () => {
    const { line, leases } = open();
    expect(line.sent).toMatchObject([{ a: "l", do: "watch", c: "designs", d: "d1" }]);
    line.says({ a: "l", id: 1, do: "watch", known: true, epoch: 3, now: 5, leases: [lease] });
    expect(leases.state.get()).toEqual({ known: true, now: 5, leases: [lease] });
    line.goes("disconnected");
    expect(leases.state.get()).toMatchObject({ known: false, leases: [lease] });
    line.goes("connected");
    expect(line.sent).toHaveLength(2);
  });

  it("answer what was asked, one by one", async () => {
    const { line, leases } = open();
    const taken = leases.call("take", { elements: ["components/c1"] });
    const other = leases.call("takeover", { elements: ["components/c2"], reason: "r" });
    expect(line.sent[1]).toMatchObject({ id: 2, do: "take", elements: ["components/c1"] });
    line.says({ a: "l", id: 3, error: { code: "ERR_DESIGN_LOCKED", message: "No." } });
    await expect(other).rejects.toMatchObject({ code: "ERR_DESIGN_LOCKED", message: "No." });
    line.says({ a: "l", id: 2, known: true, now: 1, leases: [] });
    await taken;
  });

  it("say so when the line is down", async () => {
    const { line, leases } = open();
    const asked = leases.call("release", {});
    line.goes("disconnected");
    await expect(asked).rejects.toMatchObject({ code: "offline" });
    await expect(leases.call("renew", {})).rejects.toMatchObject({ code: "offline" });
  });

  it("keep what is theirs from ShareDB's client, and nothing else", () => {
    const { line, leases } = open();
    const news: LeaseNews[] = [];
    leases.onNews((each) => news.push(each));
    expect(line.says({ a: "l", do: "state", known: true, now: 1, leases: [] })).toBeUndefined();
    const details = { element: "components/c1", by: { id: "u2", name: "Ben" }, text: "please" };
    expect(line.says({ a: "notice", code: "lease-asked", details })).toBeUndefined();
    expect(news).toMatchObject([{ code: "lease-asked", by: "Ben", text: "please" }]);
    expect(line.says({ a: "notice", code: "overtaken" })).toBeDefined();
    expect(line.says({ a: "op", v: 1 })).toBeDefined();
    expect(line.says({ a: "l", d: "another" })).toBeDefined();
    leases.close();
    expect(line.says({ a: "l", do: "state" })).toBeDefined();
  });
});
