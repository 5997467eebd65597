import { describe, expect, test } from "vitest";
import type { Evidence, Incident } from "../src/api/types";
import { roomiest, type Spot } from "../src/map/room";
import { byUrgency, calls, isInhibited, worst } from "../src/state/order";
import { rangesAsText } from "../src/state/upkeep";
import { chordName, commandOf, COMMANDS, DEFAULT_KEYS, figureOf, rebound } from "../src/wall/commands";
import { arrange } from "../src/wall/photos";

function incident(id: string, severity: Incident["severity"], state: Incident["state"], opened_at: string): Incident {
  return { id, severity, state, opened_at, alarms: [] as Incident["alarms"] } as Incident;
}

describe("the list", () => {
  test("has who waits first, then the worst, then the newest", () => {
    const sorted = [
      incident("dispatched critical", "critical", "dispatched", "2026-11-22T07:00:00Z"),
      incident("waiting low", "low", "detected", "2026-11-22T07:00:00Z"),
      incident("old medium", "medium", "accepted", "2026-11-22T06:00:00Z"),
      incident("new medium", "medium", "checking", "2026-11-22T07:00:00.250Z"),
      incident("waiting high", "high", "verifying", "2026-11-22T05:00:00Z"),
    ].sort(byUrgency);
    expect(sorted.map((one) => one.id)).toEqual([
      "waiting high", "waiting low", "dispatched critical", "new medium", "old medium",
    ]);
    expect(worst(sorted)).toBe("critical");
    expect(worst([])).toBeNull();
  });

  test("has what nobody can know after the rest of those who wait", () => {
    const alarm = (active: boolean, inhibited: boolean) =>
      ({ state: { active, inhibited, acknowledged: false, shelved_until: null } }) as Incident["alarms"][number];
    const high = incident("high", "high", "detected", "2026-11-22T07:00:00Z");
    const silent = { ...high, id: "silent", alarms: [alarm(true, true), alarm(false, false)] };
    const known = { ...high, id: "known", alarms: [alarm(true, true), alarm(true, false)] };
    expect([silent, known, high].map(isInhibited)).toEqual([true, false, false]);
    const low = incident("low", "low", "detected", "2026-11-22T07:00:00Z");
    expect([silent, low].sort(byUrgency).map((one) => one.id)).toEqual(["low", "silent"]);
  });
});

describe("a call to the shift", () => {
  const told = (state: Incident["state"], history: boolean): Incident =>
    ({ ...incident("x", "high", state, "2026-11-22T07:00:00Z"), history });

  test("is for what is new and live, and not for what an outage left behind", () => {
    expect(calls(undefined, told("detected", false))).toBe(true);
    expect(calls(undefined, told("detected", true))).toBe(false);
    expect(calls(undefined, told("accepted", false))).toBe(false);
    expect(calls(told("detected", false), told("detected", false))).toBe(false);
    expect(calls(told("detected", true), told("detected", false))).toBe(true);
  });
});

test("missing numbers are named as ranges", () => {
  expect(rangesAsText([[2, 7], [9, 9]])).toBe("2–7, 9");
  expect(rangesAsText([[1, 1], [3, 3], [5, 5]], 2)).toBe("1, 3, …");
  expect(rangesAsText([[5, 2 ** 62]])).toBe("5–");
});

describe("the keys", () => {
  const press = (code: string, more: object = {}) => ({
    code, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more,
  });

  test("go by their place, whatever the input method makes of them", () => {
    expect(commandOf({ ...press("KeyA"), key: "Process" } as never, false, false, DEFAULT_KEYS)).toBe("accept");
    expect(commandOf(press("Slash", { shiftKey: true }), false, false, DEFAULT_KEYS)).toBe("help");
  });

  test("rest while somebody types, but for Escape", () => {
    expect(commandOf(press("KeyA"), true, false, DEFAULT_KEYS)).toBeNull();
    expect(commandOf(press("Slash", { shiftKey: true }), true, false, DEFAULT_KEYS)).toBeNull();
    expect(commandOf(press("Escape"), true, false, DEFAULT_KEYS)).toBe("back");
  });

  test("leave the browser its own: modifiers, and Enter on a button", () => {
    expect(commandOf(press("KeyC", { ctrlKey: true }), false, false, DEFAULT_KEYS)).toBeNull();
    expect(commandOf(press("KeyD", { metaKey: true }), false, false, DEFAULT_KEYS)).toBeNull();
    expect(commandOf(press("Enter"), false, true, DEFAULT_KEYS)).toBeNull();
    expect(commandOf(press("Enter"), false, false, DEFAULT_KEYS)).toBe("open");
  });

  test("figures judge, with Shift they filter; those of the number pad are figures too", () => {
    const of = (code: string, more: object = {}) => commandOf(press(code, more), false, false, DEFAULT_KEYS);
    expect([of("Digit2"), of("Numpad2"), of("Digit2", { shiftKey: true })]).toEqual(["judge_false", "judge_false", "high"]);
    expect([figureOf({ code: "Numpad7" }), figureOf({ code: "Digit0" }), figureOf({ code: "KeyA" })]).toEqual([7, 10, null]);
  });

  test("are all different, and one that is taken is given to nobody else", () => {
    expect(new Set(COMMANDS.map((command) => DEFAULT_KEYS[command])).size).toBe(COMMANDS.length);
    expect(rebound(DEFAULT_KEYS, "accept", "KeyD")).toEqual({ taken: "dispatch" });
    const own = rebound(DEFAULT_KEYS, "accept", "KeyY");
    if ("taken" in own) throw new Error("KeyY is free");
    expect(commandOf(press("KeyY"), false, false, own)).toBe("accept");
    expect(commandOf(press("KeyA"), false, false, own)).toBeNull();
    expect(["KeyJ", "Shift+Digit1", "Shift+Slash", "Escape"].map(chordName)).toEqual(["J", "Shift+1", "?", "Esc"]);
  });
});

describe("the photos", () => {
  const photo = (kind: Evidence["kind"], minute: number): Evidence =>
    ({ id: `${kind} ${minute}`, kind, captured_at: `2026-11-22T07:${String(minute).padStart(2, "0")}:00Z` }) as Evidence;

  test("the newest of the thing stands beside the place seen empty after it", () => {
    const set = arrange([photo("cleared", 30), photo("present", 5), photo("empty", 1), photo("present", 9)]);
    expect([set.before?.id, set.after?.id, set.empty?.id]).toEqual(["present 9", "cleared 30", "empty 1"]);
    expect(set.rest.map((one) => one.id)).toEqual(["present 5"]);
  });

  test("a clip stands apart, and the newest is shown", () => {
    const set = arrange([photo("present", 5), photo("clip", 4), photo("clip", 7)]);
    expect(set.clip?.id).toBe("clip 7");
    expect(set.before?.id).toBe("present 5");
    expect(set.rest).toEqual([]);
    expect(arrange([photo("present", 5)]).clip).toBeNull();
  });

  test("an after from before the thing came again is no after", () => {
    const set = arrange([photo("present", 5), photo("cleared", 8), photo("present", 20)]);
    expect(set.after).toBeNull();
    expect(set.rest.map((one) => one.id)).toEqual(["present 5", "cleared 8"]);
  });
});

describe("a name on the map", () => {
  const square: Spot[] = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];

  test("stands in the middle of an empty square", () => {
    const spot = roomiest(square, []) as Spot;
    expect(Math.hypot(spot[0] - 5, spot[1] - 5)).toBeLessThan(1);
  });

  test("gives way to a mark in the middle, and stays inside", () => {
    const spot = roomiest(square, [[5, 5]]) as Spot;
    expect(Math.abs(spot[1] - 5)).toBeGreaterThan(1.5);
    expect(spot[0] > 0 && spot[0] < 10 && spot[1] > 0 && spot[1] < 10).toBe(true);
  });

  test("finds no place in a ring without inside", () => {
    expect(roomiest([[0, 0], [1, 0], [0, 0]], [])).toBeNull();
  });
});
