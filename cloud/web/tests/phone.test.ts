import { describe, expect, test, vi } from "vitest";
import type { Clocks } from "../src/api/phone";
import type { Incident, IncidentEvent } from "../src/api/types";
import { FORWARD, offers } from "../src/phone/choose";
import { bd09, gcj02, leadTo, metres } from "../src/phone/geo";
import { fit, stampLines } from "../src/phone/photo";
import { type Act, hurried, isHeld, isUnsure, type Item, next, outcome, projected, rebased, REMEMBERED_MS, wait } from "../src/phone/queue";
import { plainSha256, sha256 } from "../src/phone/sha256";
import type { KeptCase } from "../src/phone/store";
import { afterPhotos, byDue, callOf, dueOf, isConfirmed, like, sectionOf } from "../src/phone/tasks";

const START: Act = { kind: "step", action: "start", reason: null };
const NOTE: Act = { kind: "note", note: "note", words: "x" };

function item(key: string, order: number, more: Partial<Item> = {}): Item {
  return {
    key, who: "worker", at: "2026-11-22T04:00:00Z", order, caseId: "c1", about: { zh: "", en: "" }, act: START, photos: [],
    place: null, base: 3, state: "waiting", tries: 0, notBefore: 0, firstSent: null, stop: null, ...more,
  };
}

const STOPPED = { state: "stopped" } as const;

describe("the queue", () => {
  test("sends the oldest first, one case's in their order, another person's never", () => {
    const all = [item("b", 2), item("a", 1), item("c", 3, { caseId: "c2" }), item("d", 0, { who: "other" })];
    expect(next(all, "worker", 0)?.key).toBe("a");
    expect(next(all.filter((one) => one.key !== "a"), "worker", 0)?.key).toBe("b");
  });

  test("what waits or needs a person holds its own case alone", () => {
    const held = [item("a", 1, STOPPED), item("b", 2), item("c", 3, { caseId: "c2" }), item("d", 4, { caseId: null })];
    expect(next(held, "worker", 0)?.key).toBe("c");
    expect(held.map((one) => isHeld(one, held))).toEqual([false, true, false, false]);
    const later = [item("a", 1, { notBefore: 50 }), item("b", 2), item("d", 4, { caseId: null })];
    expect(next(later, "worker", 0)?.key).toBe("d");
    expect(next(later, "worker", 50)?.key).toBe("a");
  });

  test("goes on from the version that one's own step made, and not over what others did", () => {
    const others = [item("b", 2), item("c", 3, { base: 4 }), item("d", 4, { caseId: "c2" })];
    expect(rebased(others, item("a", 1), 5).map((one) => [one.key, one.base])).toEqual([["b", 5]]);
    expect(rebased(others, item("a", 1, { act: NOTE }), 4).map((one) => one.base)).toEqual([4]);
    expect(rebased(others, item("a", 1, { act: NOTE }), 5)).toEqual([]);
    expect(rebased(others, item("a", 1), null)).toEqual([]);
  });

  test.each([
    [0, "network", "again"], [503, "unavailable", "again"], [429, "too_many_requests", "again"], [401, "unauthenticated", "signIn"],
    [403, "csrf", "session"], [403, "forbidden", "refused"], [404, "not_found", "refused"], [409, "not_allowed", "conflict"],
    [412, "version_changed", "conflict"], [422, "invalid", "refused"],
    [409, "offset_differs", "again"], [422, "hash_mismatch", "again"],
  ])("status %d %s is answered by: %s", (status, code, what) => {
    expect(outcome(status, code, [])).toBe(what);
  });

  test("photos that the cloud has no more are sent again", () => {
    expect(outcome(422, "invalid", [{ pointer: "/body/photos/0" }])).toBe("photos");
  });

  test("waits longer each time, a minute at most", () => {
    expect([1, 2, 3, 4, 5, 9].map(wait)).toEqual([2_000, 5_000, 15_000, 30_000, 60_000, 60_000]);
  });

  test("waits no longer once somebody hurries, but for what was tried since", () => {
    const [old, young] = [item("a", 1, { tries: 5, notBefore: 61_000 }), item("b", 2, { caseId: "c2", tries: 1, notBefore: 7_000 })];
    expect(hurried([old, young], 4_000).map((one) => one.notBefore)).toEqual([0, 7_000]);
  });

  test("asks a person where an answer was lost so long ago that the key is forgotten; a step has its version", () => {
    const lost = item("a", 1, { act: NOTE, firstSent: 0 });
    expect([isUnsure(lost, REMEMBERED_MS), isUnsure(lost, REMEMBERED_MS + 1)]).toEqual([false, true]);
    expect(isUnsure({ ...lost, act: START }, REMEMBERED_MS + 1)).toBe(false);
    expect(isUnsure({ ...lost, firstSent: null }, REMEMBERED_MS + 1)).toBe(false);
  });

  test("what is offered goes by what waits to be sent", () => {
    const choice = (action: string, allowed: boolean) => ({ action, allowed, why_not: allowed ? null : "no", targets: [], reason: false, needs: [], takes: [] });
    const choices = [choice("start", true), choice("resolve", false)];
    const names = (waits: Item[]): string[] =>
      offers(choices, [], "dispatched", projected("dispatched", "c1", waits)).filter((one) => one.allowed).map((one) => one.step);
    expect(names([])).toEqual(["start"]);
    expect(names([item("a", 1)])).toEqual(["resolve", "ask_extend", "ask_return"]);
    expect(names([item("a", 1), item("b", 2, { act: { kind: "step", action: "resolve", reason: null } })])).toEqual([]);
    expect(names([item("a", 1, STOPPED)])).toEqual(["start"]);
  });
});

describe("the check of somebody else's work", () => {
  const line = (id: number, action: string, to: string, more: Partial<IncidentEvent> = {}) =>
    ({ id, action, from_state: "in_progress", to_state: to, detail: {}, ...more }) as unknown as IncidentEvent;
  const done = line(4, "resolve", "resolved", { detail: { photos: ["aa", "bb"] } });
  const checking = line(5, "await_check", "checking");

  test("shows the photos of the last time it was said to be done", () => {
    expect(afterPhotos([line(2, "resolve", "resolved", { detail: { photos: ["old"] } }), done, checking])).toEqual(["aa", "bb"]);
    expect(afterPhotos([line(1, "open", "detected")])).toEqual([]);
  });

  test("is over once somebody confirmed it, until it comes to be checked again", () => {
    const confirmed = line(6, "confirm", "checking", { from_state: "checking" });
    expect([isConfirmed([done, checking]), isConfirmed([done, checking, confirmed])]).toEqual([false, true]);
    expect(isConfirmed([done, checking, confirmed, line(9, "seen_gone", "checking")])).toBe(false);
  });

  test("has its way back asked for in words, and never as the large button; to close is asked once more", () => {
    const all = offers(null, ["confirm", "check_failed", "close"], "checking", { state: "checking", done: new Set() });
    const of = (step: string) => all.find((one) => one.step === step);
    expect([of("check_failed")?.reason, of("close")?.asks, of("confirm")?.asks]).toEqual([true, true, false]);
    expect([FORWARD.has("check_failed"), FORWARD.has("ask_return"), FORWARD.has("confirm")]).toEqual([false, false, true]);
  });
});

describe("a dead spot", () => {
  test("that keeps a connection open and says nothing is told as no answer", async () => {
    vi.stubGlobal("Request", class extends Request {
      constructor(input: string, init?: RequestInit) {
        super(new URL(input, "http://phone.test/"), init);
      }
    });
    const ask = vi.fn((_: Request, { signal }: RequestInit) =>
      new Promise<Response>((_answer, fail) => signal?.addEventListener("abort", () => fail(signal.reason as Error))));
    vi.stubGlobal("fetch", ask);
    vi.resetModules();
    try {
      const { currentSession, giveUpAfter } = await import("../src/api/calls");
      giveUpAfter(20);
      await expect(currentSession()).rejects.toMatchObject({ status: 0, code: "network" });
      expect(ask).toHaveBeenCalledOnce();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("positions", () => {
  const tower = { lon: 116.404, lat: 39.915 };

  test("are shifted as the map apps shift them", () => {
    expect(gcj02(tower).lon).toBeCloseTo(116.41024449916938, 10);
    expect(gcj02(tower).lat).toBeCloseTo(39.91640428150164, 10);
    const back = bd09({ lon: 116.39775550083061, lat: 39.91359571849836 });
    expect(back.lon).toBeCloseTo(116.41036949371029, 4);
    expect(back.lat).toBeCloseTo(39.92133699351021, 4);
  });

  test("outside of China are not shifted", () => {
    expect(gcj02({ lon: 2.2945, lat: 48.8584 })).toEqual({ lon: 2.2945, lat: 48.8584 });
  });

  test("lie so many metres apart", () => {
    expect(metres(tower, { lon: 116.404, lat: 39.916 })).toBeCloseTo(111.2, 1);
  });

  test("stand in links in each app's own order", () => {
    expect(leadTo("amap", tower, "东门")).toContain("to=116.410244,39.916404,%E4%B8%9C%E9%97%A8");
    expect(leadTo("baidu", tower, "x")).toMatch(/latlng:39\.92\d+,116\.41\d+&coord_type=bd09ll/);
    expect(leadTo("other", tower, "x")).toBe("geo:39.915000,116.404000?q=39.915000,116.404000(x)");
  });
});

describe("a hash", () => {
  test.each([0, 1, 55, 56, 63, 64, 65, 1000])("of %d bytes is the same with and without the browser's help", async (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + 7) % 256);
    expect(plainSha256(bytes)).toBe(await sha256(bytes));
  });

  test("is that of the standard's example", () => {
    const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(plainSha256(new TextEncoder().encode("abc"))).toBe(known);
  });
});

describe("a photo", () => {
  test("says when, where and of what", () => {
    const at = new Date(2026, 10, 22, 7, 4, 9);
    expect(stampLines(at, { lon: 120.1234567, lat: 30.5 }, "20261122-00042-7 完成", "小林", "无")).toEqual([
      "2026-11-22 07:04:09  30.50000, 120.12346", "20261122-00042-7 完成  小林",
    ]);
    expect(stampLines(at, null, "a", "b", "无位置")[0]).toContain("无位置");
  });

  test("is made smaller, never larger", () => {
    expect(fit(4000, 3000, 1600)).toEqual({ width: 1600, height: 1200 });
    expect(fit(640, 480, 1600)).toEqual({ width: 640, height: 480 });
  });
});

function kept(id: string, more: Partial<Incident>, clocks: Clocks | null = null, log: readonly IncidentEvent[] = []): KeptCase {
  const incident = {
    id, state: "dispatched", handler: null, severity: "medium", allowed_actions: [], opened_at: "2026-11-22T04:00:00Z",
    event_class: { code: "05-06-081" }, point: { position: { lon: 120, lat: 30 } }, ...more,
  } as unknown as Incident;
  return { id, incident, clocks, choices: null, log, picture: null, pictureUrl: null, seenAt: "" };
}

function clocks(...steps: [running: boolean, light: string, due: string | null][]): Clocks {
  return { steps: steps.map(([running, light, due_at]) => ({ running, light, due_at })), clearing: null } as unknown as Clocks;
}

describe("tasks", () => {
  test("are mine, to be checked, or only near", () => {
    const of = (more: Partial<Incident>): string => sectionOf(kept("c", more).incident, "worker");
    expect(of({ handler: "worker" })).toBe("mine");
    expect(of({ allowed_actions: ["claim"] })).toBe("mine");
    expect(of({ handler: "other", allowed_actions: ["claim"] })).toBe("grid");
    expect(of({ state: "checking", handler: "other", allowed_actions: ["confirm"] })).toBe("check");
    expect(of({ state: "checking", handler: "worker", allowed_actions: ["confirm"] })).toBe("grid");
    expect(of({ state: "detected" })).toBe("grid");
  });

  test("are due by the first limit that runs, under the worst light", () => {
    const two = clocks([true, "green", "2026-11-22T09:00:00Z"], [true, "yellow", "2026-11-22T08:00:00Z"], [false, "red", null]);
    expect(dueOf(two)).toEqual({ at: "2026-11-22T08:00:00Z", light: "yellow" });
    expect(dueOf(clocks())).toBeNull();
    const soon = kept("soon", {}, two);
    const all = [kept("none", {}), kept("bad", { severity: "critical" }), soon];
    expect(all.sort(byDue).map((one) => one.id)).toEqual(["soon", "bad", "none"]);
  });

  test("call whom they were given to, until that person says a word", () => {
    const line = (id: number, action: string, name: string): IncidentEvent =>
      ({ id, action, actor: { kind: "user", name } }) as unknown as IncidentEvent;
    const given = [line(3, "dispatch", "leader")];
    const call = (log: IncidentEvent[], more = {}): string | null => callOf(kept("c", { handler: "worker", ...more }, null, log), "worker");
    expect(call(given)).toBe("c/3");
    expect(call([...given, line(4, "received", "worker")])).toBeNull();
    expect(call([...given, line(4, "received", "worker"), line(5, "assign", "leader")])).toBe("c/5");
    expect(call(given, { state: "in_progress" })).toBeNull();
    expect(call([line(3, "dispatch", "worker")])).toBeNull();
  });

  test("that are perhaps the same are of its group of classes and near", () => {
    const there = [
      kept("far", { point: { position: { lon: 120.01, lat: 30 } } as unknown as Incident["point"] }),
      kept("same", {}), kept("other", { event_class: { code: "01-02" } as Incident["event_class"] }),
    ];
    expect(like(there, "05-06-080", { lon: 120.0001, lat: 30 }).map((one) => one.id)).toEqual(["same"]);
  });
});
