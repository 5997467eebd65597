import { describe, expect, it } from "vitest";
import { tableOf } from "../src/wall/plotted";

const at = (...seconds: number[]) => seconds.map((one) => new Date(one * 1000).toISOString());

describe("what is plotted", () => {
  it("stands in columns, times in seconds", () => {
    const chart = { at: at(0, 60, 120), step: 60, mean: [1, 2, 3], low: [0, 1, 2], high: [2, 3, 4] };
    expect(tableOf(chart)).toEqual([[0, 60, 120], [1, 2, 3], [0, 1, 2], [2, 3, 4]]);
  });

  it("breaks where nothing came for long, and nowhere else", () => {
    const chart = { at: at(0, 60, 180, 240, 900, 960), step: 60, mean: [1, 2, 3, 4, 5, 6], low: [], high: [] };
    const [times, mean] = tableOf(chart);
    expect(times).toEqual([0, 60, 180, 240, 300, 900, 960]);
    expect(mean).toEqual([1, 2, 3, 4, null, 5, 6]);
  });

  it("does not break a curve whose values come seldom", () => {
    const chart = { at: at(0, 600, 1200, 1800), step: 10, mean: [1, 2, 3, 4], low: [], high: [] };
    expect(tableOf(chart)[1]).toEqual([1, 2, 3, 4]);
  });

  it("may be empty", () => {
    expect(tableOf({ at: [], step: 60, mean: [], low: [], high: [] })).toEqual([[], [], [], []]);
  });
});
