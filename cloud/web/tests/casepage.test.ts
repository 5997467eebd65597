import { expect, test, vi } from "vitest";

import type { Choice } from "../src/api/case";
import type { Incident, IncidentEvent } from "../src/api/types";
import { blocked, fieldsOf, mayHandUp, request } from "../src/case/fields";
import { moments } from "../src/case/timeline";
import { why } from "../src/case/why";
import { language } from "../src/words";

// What these rules stand beside keeps signals of the page, which look for a browser when they are loaded.
vi.hoisted(() => {
  const nothing = (): null => null;
  Object.assign(globalThis, {
    localStorage: { getItem: nothing, setItem: nothing },
    document: { documentElement: {}, addEventListener: nothing },
    location: { hash: "" },
    addEventListener: nothing,
    fetch: () => Promise.reject(new TypeError("no network here")),
  });
});

function choice(action: string, more: Partial<Choice>): Choice {
  return { action, allowed: true, why_not: null, targets: [], reason: false, needs: [], takes: [], ...more };
}

const NOTHING = { values: new Map<string, string>(), photos: [], cases: new Map<string, string>() };

test("a step is asked with what its row needs and takes, and at once when that is nothing", () => {
  expect(fieldsOf(choice("start", {}))).toEqual([]);
  const names = (one: Choice) => fieldsOf(one).map(({ name, needed }) => (needed ? `${name}!` : name));
  expect(names(choice("extend", { reason: true, needs: ["hours"] }))).toEqual(["hours!", "reason!"]);
  expect(names(choice("close", { takes: ["without_feedback"] }))).toEqual([]);
  expect(names(choice("close", { needs: ["without_feedback"] }))).toEqual(["without_feedback!"]);
  expect(names(choice("return", { reason: true, takes: ["to"], targets: ["filed", "accepted"] }))).toEqual(["to", "reason!"]);
  expect(names(choice("return", { reason: true, takes: ["to"], targets: ["accepted"] }))).toEqual(["reason!"]);
});

test("what is missing or no number is said before anything is sent", () => {
  const merge = fieldsOf(choice("merge", { reason: true, needs: ["into"] }));
  expect(request("merge", merge, NOTHING)).toEqual({ field: "into", what: "missing" });
  const asked = { ...NOTHING, values: new Map([["into", "20261122-00042-7"], ["reason", " same row "]]) };
  expect(request("merge", merge, asked)).toEqual({ field: "into", what: "noCase" });
  expect(request("merge", merge, { ...asked, cases: new Map([["20261122-00042-7", "x"]]) })).toEqual({
    action: "merge", into: "x", reason: "same row",
  });
  const extend = fieldsOf(choice("extend", { reason: true, needs: ["hours"] }));
  const hours = (given: string) => request("extend", extend, { ...NOTHING, values: new Map([["hours", given], ["reason", "rain"]]) });
  expect([hours("0"), hours("-1"), hours("x")].map((one) => ("what" in one ? one.what : one))).toEqual(
    ["notHours", "notHours", "notHours"],
  );
  expect(hours("2.5")).toEqual({ action: "extend", hours: 2.5, reason: "rain" });
});

test("what only one thing stands in the way of is told apart from what is of another state or role", () => {
  const refused = [
    choice("close", { allowed: false, why_not: "a supervision waits for its answer" }),
    choice("file", { allowed: false, why_not: "not while detected; it is done while accepted" }),
    choice("void", { allowed: false, why_not: "it is for leader, street" }),
  ];
  const { near, far } = blocked(refused);
  expect([near.map((one) => one.action), far.map((one) => one.action)]).toEqual([["close"], ["file", "void"]]);
});

test("reasons are said in the reader's language, with states, roles and levels in words", () => {
  language.value = "zh";
  expect(why("not while detected; it is done while dispatched, in_progress")).toBe("现在是“待受理”，此项用于：已派遣、处置中");
  expect(why("it is for leader, street")).toBe("由值班长、街道办理");
  expect(why("05-06 is finished by the community at the lowest, and this is at the grid")).toContain("至少由社区结案");
  language.value = "en";
  expect(why("not while detected; it is done while accepted")).toBe("Not while “New”; it is for: Accepted");
  expect(why("something nobody has heard of")).toBe("something nobody has heard of");
});

test("a case is handed up by those above it, and no higher than the street", () => {
  const at = (level: string) => ({ level }) as Incident;
  expect([mayHandUp(at("grid"), ["grid_leader"]), mayHandUp(at("community"), ["grid_leader"])]).toEqual([true, false]);
  expect([mayHandUp(at("community"), ["leader"]), mayHandUp(at("street"), ["leader"])]).toEqual([true, false]);
  expect(mayHandUp(at("grid"), ["grid_worker", "operator"])).toBe(false);
});

test("log, notices, pictures and alarms are one row of moments, with the device's time where it differs", () => {
  const incident = {
    evidence: [{ id: "p", kind: "present", captured_at: "2026-11-22T08:00:00Z", camera: "C" }],
    alarms: [{ id: "x", device: "C", opened_at: "2026-11-22T08:00:05Z", cleared_at: "2026-11-22T09:00:00Z", ended: null }],
  } as unknown as Incident;
  const line = (id: number, at: string, detail = {}) => ({ id, at, detail }) as unknown as IncidentEvent;
  const log = [
    line(1, "2026-11-22T08:00:06Z"), line(2, "2026-11-22T08:00:06Z"),
    line(3, "2026-11-22T08:30:00Z", { happened_at: "2026-11-22T08:10:00Z" }),
  ];
  const notice = { id: "n", created_at: "2026-11-22T08:00:06Z" } as never;
  const found = moments(incident, log, [notice]);
  expect(found.map((one) => one.key)).toEqual(["p", "x false", "log 1", "log 2", "n", "log 3", "x true"]);
  expect(found.map((one) => one.device)[5]).toBe("2026-11-22T08:10:00Z");
  expect(moments(incident, log, [], Date.parse("2026-11-22T08:00:05Z")).map((one) => one.key)).toEqual(["p", "x false"]);
});
