import { describe, expect, test } from "vitest";
import type { Incident } from "../src/api/types";
import { fold } from "../src/state/fold";

const START = Date.parse("2026-11-22T08:00:00Z");

/** At a point `east` metres along the street, opened after so many seconds. */
function one(id: string, east: number, seconds: number, more: Partial<Incident> = {}): Incident {
  return {
    id, severity: "medium", state: "detected", history: false, alarms: [] as Incident["alarms"],
    event_class: { code: "05-06", name: { zh: "车", en: "bikes" } },
    point: { id: `at ${east}`, name: { zh: "", en: "" }, position: { lat: 30, lon: 120 + east / 96_408 } },
    opened_at: new Date(START + seconds * 1000).toISOString(), ...more,
  } as Incident;
}

const shape = (incidents: readonly Incident[]): string[] => fold(incidents).map((it) => it.all.map((x) => x.id).join());

describe("equal ones are one row", () => {
  test("of one class at one point, however long apart", () => {
    expect(shape([one("a", 0, 9000), one("b", 0, 0)])).toEqual(["a,b"]);
  });

  test("of one class at neighbours within a minute", () => {
    expect(shape([one("a", 0, 0), one("b", 290, 60)])).toEqual(["a,b"]);
    expect(shape([one("a", 0, 0), one("b", 310, 60)])).toEqual(["a", "b"]);
    expect(shape([one("a", 0, 0), one("b", 290, 61)])).toEqual(["a", "b"]);
  });

  test("and never of another class, severity or standing", () => {
    const other = { event_class: { code: "05-05", name: { zh: "", en: "" } } };
    for (const more of [other, { severity: "high" }, { state: "accepted" }, { history: true }] as Partial<Incident>[]) {
      expect(shape([one("a", 0, 0), one("b", 0, 0, more)])).toEqual(["a", "b"]);
    }
  });

  test("keep the list's order: the most urgent leads, and all are there", () => {
    const list = [one("c", 0, 50), one("x", 900, 0), one("a", 0, 0), one("b", 200, 20)];
    expect(shape(list)).toEqual(["c,a,b", "x"]);
  });

  test("two thousand are folded well within a frame's time", () => {
    const many = Array.from({ length: 2000 }, (_, n) => one(`i${n}`, (n % 38) * 400, n));
    const began = performance.now();
    expect(fold(many).length).toBe(38);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
