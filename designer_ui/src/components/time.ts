const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
];

/** "3 hours ago" within a week, the date before that. Times in ms. */
export function since(then: number, now: number): string {
  const age = now - then;
  if (age < 45_000) return "just now";
  if (age > 7 * 86_400_000) return day.format(then);
  const [unit, length] = STEPS.findLast(([, each]) => age >= each * 0.9) ?? ["minute", 60_000];
  return words.format(-Math.max(1, Math.round(age / length)), unit);
}
