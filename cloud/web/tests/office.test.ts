import { describe, expect, test, vi } from "vitest";
import { diff } from "../src/admin/diff";
import { lineAt, linesOf } from "../src/admin/jsonLines";
import { lightOf } from "../src/ledger/lights";
import { chosenOf } from "../src/nodes/choosing";
import { rightOf } from "../src/nodes/extras";
import { dayOf, instantsOf, presetOf } from "../src/office/period";
import { barOf, figureOf, partsOf, valueOf } from "../src/reports/values";

// What these rules stand beside keeps signals of the page, which look for a browser when they are loaded.
vi.hoisted(() => {
  const nothing = (): null => null;
  Object.assign(globalThis, {
    localStorage: { getItem: nothing, setItem: nothing },
    document: { documentElement: {}, addEventListener: nothing },
    location: { hash: "" },
    addEventListener: nothing,
  });
});

describe("a span of days", () => {
  test("ends before the day after its last one, by the clock of this computer", () => {
    const found = instantsOf({ from: "2026-11-22", to: "2026-11-23" });
    expect(found && Date.parse(found.to) - Date.parse(found.from)).toBe(2 * 86_400_000);
    expect(found && dayOf(new Date(found.from))).toBe("2026-11-22");
  });

  test("of days that there are not, or in the wrong order, is none", () => {
    for (const [from, to] of [["2026-02-30", "2026-03-01"], ["2026-03-02", "2026-03-01"], ["", ""], ["x", "2026-03-01"]]) {
      expect(instantsOf({ from: from ?? "", to: to ?? "" })).toBeNull();
    }
  });

  test("last month is the whole of it, also in January", () => {
    expect(presetOf("last", new Date(2026, 0, 31))).toEqual({ from: "2025-12-01", to: "2025-12-31" });
    expect(presetOf("last", new Date(2028, 2, 31))).toEqual({ from: "2028-02-01", to: "2028-02-29" });
  });
});

describe("a fault's line in a JSON text", () => {
  const text = '{\n  "a": [1,\n    {"b/c": "x\\"}{",\n     "d": null}],\n  "e": {}\n}';
  const lines = linesOf(text);

  test("is where the value's name stands", () => {
    expect(lines.get("/a")).toBe(2);
    expect(lines.get("/a/1")).toBe(3);
    expect(lines.get("/a/1/b~1c")).toBe(3);
    expect(lines.get("/a/1/d")).toBe(4);
    expect(lines.get("/e")).toBe(5);
  });

  test("of a value that is not there is that of what it belongs to", () => {
    expect(lineAt(lines, "/a/1/missing")).toBe(3);
    expect(lineAt(lines, "/nowhere")).toBe(1);
  });
});

describe("what differs between two texts", () => {
  test("is nothing when they are the same", () => expect(diff("a\nb", "a\nb")).toEqual([]));

  test("stands with the lines around it, what was taken away before what came", () => {
    const found = diff("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\nfour\n5\n6\n7");
    expect(found.map(({ sign, text }) => sign + text)).toEqual([" 2", " 3", "-4", "+four", " 5", " 6"]);
  });

  test("rebuilds either text from whatever was changed", () => {
    let seed = 7;
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % 4;
    for (let turn = 0; turn < 200; turn += 1) {
      const [a, b] = [1, 2].map(() => Array.from({ length: next() + 2 }, next).join("\n")) as [string, string];
      const found = diff(a, b);
      const side = (skip: string): string[] => found.filter(({ sign }) => sign !== skip).map(({ text }) => text);
      if (found.length === 0) expect(a).toBe(b);
      expect(a).toContain(side("+").join("\n"));
      expect(b).toContain(side("-").join("\n"));
    }
  });
});

test("a case's light is the worst of the steps whose clock runs, with the nearest end", () => {
  const step = (light: string, running: boolean, due_at: string | null) => ({ light, running, due_at });
  const clocks = (...steps: object[]) => ({ steps }) as unknown as Parameters<typeof lightOf>[0];
  expect(lightOf(clocks(step("red", false, "2026-01-01"), step("green", true, "2026-01-03"), step("yellow", true, "2026-01-02"))))
    .toEqual({ light: "yellow", due: "2026-01-02" });
  expect(lightOf(clocks(step("red", false, null)))).toBeNull();
  expect(lightOf(undefined)).toBeNull();
});

test("figures are written as a share or a length of time, and a dash where nothing counts", () => {
  const index = { how: "higher" } as Parameters<typeof figureOf>[0];
  const timed = { how: "seconds" } as Parameters<typeof figureOf>[0];
  expect(valueOf(figureOf(index, [1, 3, 0]), "en-GB")).toBe("33.3 %");
  expect(valueOf(figureOf(index, undefined), "en-GB")).toBe("—");
  expect(valueOf(figureOf(timed, [0, 2, 240]), "en-GB")).toMatch(/^2\s?m/);
  expect(barOf(figureOf(timed, [0, 2, 240]), 240)).toBe(0.5);
  const parts = partsOf("2026-11-01T00:00:00Z", "2026-11-07T00:00:00Z", 6);
  expect(parts).toHaveLength(6);
  expect(parts.at(-1)?.to).toBe("2026-11-07T00:00:00.000Z");
});

test("a camera's precision is that of all its classes together; unsure ones are not counted", () => {
  const count = (yes: number, no: number, other: number) => ({ true: yes, false: no, other_class: other, unsure: 9 });
  const items = [{ device: "P01-C1", count: count(3, 1, 0) }, { device: "P01-C1", count: count(0, 0, 4) }, { device: "P02-C1", count: count(0, 0, 0) }];
  const found = rightOf({ items } as unknown as Parameters<typeof rightOf>[0]);
  expect(found.get("P01-C1")).toEqual({ right: 3, judged: 8, share: 3 / 8 });
  expect(found.get("P02-C1")?.share).toBeNull();
});

test("devices in trouble come first, sick ones among them, and are found by point", () => {
  const device = (id: string, status: string, facts = {}) =>
    ({ id, kind: "camera", name: { zh: id, en: id }, point: id.slice(0, 3), status, facts }) as unknown as Parameters<typeof chosenOf>[0][number];
  const all = [device("P01-C1", "up"), device("P02-C1", "up"), device("P03-C1", "unreachable"), device("P04-C1", "up", { key_interval_s: 30 })];
  const chosen = (shown: "all" | "trouble", sought = "") =>
    chosenOf(all, { shown, sought }, () => false, (id) => (id === "P02-C1" ? ["covered"] : undefined)).map((one) => one.id);
  expect(chosen("all")).toEqual(["P03-C1", "P02-C1", "P04-C1", "P01-C1"]);
  expect(chosen("trouble")).toEqual(["P03-C1", "P02-C1", "P04-C1"]);
  expect(chosen("all", "p01")).toEqual(["P01-C1"]);
});
