import { describe, expect, it } from "vitest";
import { Bench } from "../model/fixture";
import type { Box } from "../workspace/ui";
import { boxBetween, enclosed } from "./marquee";

// box (0..100 x 0..100) holds b1 and b2; b3 stands below it.
const BOXES: { [id: string]: Box } = {
  box: { left: 0, top: 0, width: 100, height: 100 },
  b1: { left: 10, top: 10, width: 80, height: 30 },
  b2: { left: 10, top: 50, width: 80, height: 30 },
  b3: { left: 0, top: 110, width: 100, height: 30 },
};

const within = (area: Box) => enclosed(new Bench().mirror, "p1", area, (id) => BOXES[id]);

describe("a rectangle on the canvas", () => {
  it("selects the outermost of what it encloses", () => {
    expect(within(boxBetween({ x: 120, y: 150 }, { x: -1, y: -1 }))).toEqual(["box", "b3"]);
  });
  it("reaches into containers that it does not enclose", () => {
    expect(within({ left: 5, top: 45, width: 90, height: 40 })).toEqual(["b2"]);
    expect(within({ left: 5, top: 5, width: 110, height: 140 })).toEqual(["b1", "b2"]);
  });
  it("leaves alone what it only touches", () => {
    expect(within({ left: 20, top: 20, width: 10, height: 10 })).toEqual([]);
  });
});
