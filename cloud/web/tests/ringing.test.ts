import { describe, expect, test } from "vitest";
import type { Incident } from "../src/api/types";
import { LOUD_AFTER_MS, ringing, runs } from "../src/sound/ringing";

const START = Date.parse("2026-11-22T08:00:00Z");

function called(severity: Incident["severity"], more: object = {}, name = "unacknowledged"): Incident {
  const state = { name, active: true, inhibited: false };
  return {
    severity, state: "detected", history: false, alarms: [{ state }], opened_at: new Date(START).toISOString(), ...more,
  } as unknown as Incident;
}

describe("what is heard", () => {
  test("is the worst that nobody has seen", () => {
    expect(ringing([], START, false)).toBeNull();
    expect(ringing([called("low"), called("high")], START, false)?.severity).toBe("high");
  });

  test("ends when it is acknowledged, taken, or nobody can know it", () => {
    const silent = { alarms: [{ state: { name: "unacknowledged", active: true, inhibited: true } }] };
    for (const one of [
      called("high", {}, "acknowledged"), called("high", { state: "accepted" }), called("high", { history: true }),
      called("high", silent),
    ]) expect(ringing([one], START, false)).toBeNull();
  });

  test("is louder once it called for a minute", () => {
    expect(ringing([called("high")], START + LOUD_AFTER_MS - 1, false)?.loud).toBe(false);
    expect(ringing([called("high")], START + LOUD_AFTER_MS, false)?.loud).toBe(true);
  });

  test("is what is critical even while the wall is silenced, and nothing else", () => {
    expect(ringing([called("high"), called("critical")], START, true)?.severity).toBe("critical");
    expect(ringing([called("high")], START, true)).toBeNull();
  });
});

test("silence is over by itself at its end, or when somebody ends it", () => {
  const mute = { id: "", username: "", reason: "", since: "", until: "2026-11-22T08:05:00Z", ended_at: null };
  expect(runs(mute, START + 299_999)).toBe(true);
  expect(runs(mute, START + 300_000)).toBe(false);
  expect(runs({ ...mute, ended_at: "2026-11-22T08:01:00Z" }, START)).toBe(false);
  expect(runs(null, START)).toBe(false);
});
