/** The cloud's faults, which it says in one language, in the reader's; what is not known stays as it was said. */

import { named } from "../words";
import type { Draft } from "./draft";
import { text } from "./words";

type Known = keyof typeof text.value.faults;

const KNOWN: readonly [RegExp, Known][] = [
  [/^is missing; say what this camera is for/, "purpose"],
  [/^is not there; put up a sign/, "signage"],
  [/^is missing/, "missing"],
  [/^is not a duration/, "duration"],
  [/^is not a share/, "share"],
  [/^is not an id/, "id"],
  [/at least (\d[\d.]*)/, "least"],
  [/at most (\d[\d.]*)/, "most"],
  [/more than (\d[\d.]*)/, "above"],
  [/^must be a whole number/, "whole"],
  [/^must be a number/, "number"],
  [/cross/, "crossed"],
  [/already|used twice|taken|twice/, "taken"],
  [/^never clears steadily/, "clears"],
  [/^can never open/, "never"],
  [/event class|is no class|unknown class/, "eventClass"],
];

/** Where a fault is, as people call it: the zone, the rule, the field. */
export function placeSaid(pointer: string, draft: Draft | null): string {
  const { diff, rules, privacy } = text.value;
  const [, , list, zoneAt, field, ruleAt, inner] = pointer.split("/");
  if (list === "purpose" || list === "signage") return privacy.title;
  const zone = list === "zones" ? draft?.zones[Number(zoneAt)] : undefined;
  if (!zone) return "";
  const rule = field === "rules" ? zone.rules?.[Number(ruleAt)] : undefined;
  const name = rule ? inner : field;
  const last = name ? (rules.fields[name] ?? diff.fields[name] ?? name) : "";
  return [named(zone.name), rule?.id, last].filter(Boolean).join(" › ");
}

export function faultSaid(detail: string): string {
  for (const [pattern, name] of KNOWN) {
    const found = pattern.exec(detail);
    if (found) return text.value.faults[name](found[1] ?? "");
  }
  return detail;
}
