import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Backoff } from "./backoff";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function waits(backoff: Backoff, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = Date.now();
    const wait = backoff.wait();
    await vi.runAllTimersAsync();
    await wait;
    found.push(Math.round(Date.now() - start));
  }
  return found;
}

it("tries at once, then soon, then ever more rarely up to a limit", async () => {
  const found = await waits(new Backoff(() => 1), 12);
  expect(found.slice(0, 4)).toEqual([0, 120, 204, 346]);
  expect(found.at(-1)).toBe(4000);
});

it("starts over after a success, within a quarter of a second", async () => {
  const backoff = new Backoff(() => 1);
  await waits(backoff, 8);
  backoff.succeeded();
  expect((await waits(backoff, 1))[0]).toBeLessThanOrEqual(250);
});

it("is cut short when the network is back", async () => {
  const backoff = new Backoff();
  await waits(backoff, 10);
  let done = false;
  const wait = backoff.wait().then(() => {
    done = true;
  });
  backoff.hurry();
  await wait;
  expect(done).toBe(true);
});
