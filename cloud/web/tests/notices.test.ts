import { beforeEach, describe, expect, test, vi } from "vitest";

const heard: string[] = [];
const said: string[] = [];
vi.mock("../src/sound/speaker", () => ({ chime: (severity: string) => heard.push(severity) }));
vi.mock("../src/api/phone", () => ({
  noticeDelivered: (id: string) => Promise.resolve(said.push(`delivered ${id}`)),
  noticeRead: (id: string) => Promise.resolve(said.push(`read ${id}`)),
}));
const silenced = vi.hoisted(() => ({ value: null as object | null }));
vi.mock("../src/sound/mute", () => ({ silenced }));
const { asking, hearNotice, others, read } = await import("../src/support/state");

const told = (id: string, kind: string, incident_id: string | null = null) =>
  ({ id, kind, incident_id, words: { zh: "网格无人值守", en: "Nobody is on duty" }, created_at: "2026-11-23T00:00:00Z" });

describe("what the wall is told", () => {
  beforeEach(() => {
    asking.value = others.value = [];
    heard.length = said.length = 0;
  });

  test("is a bar where no case in the list shows it, and a case's own clock is none", () => {
    hearNotice(told("a", "grid_uncovered"));
    hearNotice(told("b", "whistle", "case"));
    hearNotice(told("c", "deadline", "case"));
    hearNotice(told("d", "support", "case"));
    expect(others.value.map((one) => one.id)).toEqual(["a", "b"]);
    expect(asking.value.map((one) => one.id)).toEqual(["d"]);
    expect(heard).toEqual(["low", "low", "high"]);
    expect(said).toEqual(["delivered a", "delivered b", "delivered d"]);
    silenced.value = {};
    hearNotice(told("e", "seats_empty"));
    hearNotice(told("f", "support", "case"));
    silenced.value = null;
    expect(heard).toEqual(["low", "low", "high", "high"]);
  });

  test("is told once however often it rings, and is gone when it is read", async () => {
    hearNotice(told("a", "seats_empty"));
    hearNotice(told("a", "seats_empty"));
    expect(others.value).toHaveLength(1);
    await read(told("a", "seats_empty"));
    expect(others.value).toEqual([]);
    expect(said.at(-1)).toBe("read a");
  });
});
