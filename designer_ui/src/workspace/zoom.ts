/** Steps of the canvas's zoom, 1 is life size. */
const STEPS = [0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2] as const;

/** The next step up or down from `zoom`. */
export function zoomed(zoom: number, direction: "in" | "out"): number {
  return direction === "in"
    ? (STEPS.find((step) => step > zoom + 0.001) ?? STEPS[STEPS.length - 1] ?? 1)
    : (STEPS.findLast((step) => step < zoom - 0.001) ?? STEPS[0]);
}
