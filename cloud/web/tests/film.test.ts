import { expect, test } from "vitest";

import type { ReplayPage } from "../src/api/replay";
import type { Incident } from "../src/api/types";
import { dayAfter } from "../src/replay/days";
import { asItWas, density, eventBeside, joined, shownAt, stoodAt } from "../src/replay/film";

const at = (clock: string): string => `2026-11-21T${clock}:00Z`;
const ms = (clock: string): number => Date.parse(at(clock));

function stood(id: string, version: number, clock: string, state: string) {
  return {
    incident_id: id, version, at: at(clock), state, level: "grid", handler: null, organisation: null, seen_gone_at: null,
    closed_at: null,
  };
}

const photo = (clock: string, kind: string) => ({ id: clock, kind, captured_at: at(clock), url: `/${clock}` });
const A = {
  id: "a", version: 9, state: "closed", pair: { after: photo("15:00", "cleared") },
  evidence: [photo("10:00", "present"), photo("15:00", "cleared")], condition: { state: "cleared" },
  alarms: [{ opened_at: at("09:30"), cleared_at: at("15:00"), state: { active: false, name: "unacknowledged" } }],
} as unknown as Incident;
const page = {
  day: "2026-11-21", begins_at: at("00:00"), ends_at: at("23:59"), standing: [stood("a", 1, "00:00", "detected")],
  changes: [
    { line: {}, stood: stood("a", 2, "12:00", "accepted") },
    { line: {}, stood: stood("b", 1, "13:00", "detected") },
    { line: {}, stood: stood("a", 3, "16:00", "closed") },
  ],
  cases: [A, { ...A, id: "b" }], next: null,
} as unknown as ReplayPage;
const film = joined(null, page);

test("a case stands at each moment as the last line before it says", () => {
  const states = (clock: string) => [...stoodAt(film, ms(clock))].map(([id, one]) => `${id} ${one.state}`);
  expect(states("11:59")).toEqual(["a detected"]);
  expect(states("12:00")).toEqual(["a accepted"]);
  expect(states("14:00")).toEqual(["a accepted", "b detected"]);
  expect(states("20:00")).toEqual(["a closed", "b detected"]);
});

test("nothing that came later is on the screen, and nothing can be done", () => {
  const early = asItWas(A, film.standing[0]!, ms("11:00"));
  expect(early.evidence.map((one) => one.id)).toEqual(["10:00"]);
  expect([early.pair, early.thumbnail_url, early.allowed_actions]).toEqual([null, "/10:00", []]);
  expect([early.condition?.state, early.alarms[0]?.state.active]).toEqual(["open", true]);
  const late = asItWas(A, film.standing[0]!, ms("15:00"));
  expect([late.pair !== null, late.condition?.state, late.alarms[0]?.state.active]).toEqual([true, "cleared", false]);
});

test("what looks the same is the same, so that nothing of it is drawn anew", () => {
  const one = shownAt(film, ms("12:00"), null);
  const two = shownAt(film, ms("12:30"), one);
  expect(two.get("a")).toBe(one.get("a"));
  expect(shownAt(film, ms("15:30"), two).get("a")).not.toBe(one.get("a"));
});

test("one steps from what happened to what happened, and no further than both ends", () => {
  expect(eventBeside(film, ms("00:00"), 1)).toBe(ms("12:00"));
  expect(eventBeside(film, ms("12:00"), 1)).toBe(ms("13:00"));
  expect(eventBeside(film, ms("13:00"), -1)).toBe(ms("12:00"));
  expect([eventBeside(film, ms("12:00"), -1), eventBeside(film, ms("16:00"), 1)]).toEqual([null, null]);
});

test("pages of a day are one film, and its parts count every line", () => {
  const more = joined(film, { ...page, standing: [], changes: [{ line: {}, stood: stood("b", 2, "23:30", "accepted") }] } as never);
  expect([more.standing.length, more.changes.length]).toEqual([1, 4]);
  const parts = density(more, 24);
  expect([parts[12], parts[13], parts[23]]).toEqual([1, 1, 1]);
  expect(parts.reduce((sum, one) => sum + one, 0)).toBe(4);
});

test("days follow each other over months and leap days", () => {
  expect([dayAfter("2026-11-30", 1), dayAfter("2027-01-01", -1), dayAfter("2028-02-28", 1)]).toEqual([
    "2026-12-01", "2026-12-31", "2028-02-29",
  ]);
});
