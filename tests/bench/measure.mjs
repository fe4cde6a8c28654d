// What drivers measure with.
import { readFileSync } from "node:fs";

const TICKS = 100; // of /proc/<pid>/stat, a second

export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : null;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
