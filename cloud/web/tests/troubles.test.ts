import { describe, expect, test } from "vitest";
import { troubles } from "../src/words/troubles";

describe("what a node says of a device", () => {
  test("is said in both languages", () => {
    expect(troubles({ reason: "no_video" }, "en")).toEqual(["It sends sound, but no picture"]);
    expect(troubles({ reason: "no_video" }, "zh-CN")).toEqual(["只有声音，没有画面"]);
    expect(troubles({ reason: "" }, "en")).toEqual([]);
  });

  test("names clocks that are wrong with size and direction, and no small differences", () => {
    expect(troubles({ clock_offset_s: 12.5, jumps: 0 }, "en")).toEqual([]);
    expect(troubles({ clock_offset_s: 28800 }, "en")[0]).toMatch(/^Camera clock 8.?h 0.?m.* ahead$/);
    expect(troubles({ clock_offset_s: -28800 }, "zh-CN")[0]).toMatch(/^摄像机时钟慢 8/);
    const step = { clock_step_s: -3600, clock_step_at: "2026-03-01T12:00:00+00:00" };
    expect(troubles(step, "en")[0]).toMatch(/^Node clock stepped back by 1.?h/);
    expect(troubles(step, "zh-CN")[0]).toMatch(/^节点时钟于 .* 向后调整 1/);
    expect(troubles({ jumps: 2 }, "en")[0]).toMatch(/jumped 2 times/);
  });
});
