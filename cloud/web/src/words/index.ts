import { computed, effect, signal } from "@preact/signals";
import type { EventClass, Names } from "../api/types";
import { en } from "./en";
import { QUANTITIES } from "./quantities";
import { type Words, zh } from "./zh";

export type { Words };
export type Language = "zh" | "en";

const KEY = "gridwatch.language";
const CATALOGUES: Record<Language, Words> = { zh, en };

export const language = signal<Language>(localStorage.getItem(KEY) === "en" ? "en" : "zh");
/** The words of the language shown now; reading it in a component makes that component follow. */
export const words = computed<Words>(() => CATALOGUES[language.value]);

effect(() => {
  localStorage.setItem(KEY, language.value);
  document.documentElement.lang = words.value.locale;
});

/** A name in the language shown now. */
export function named(name: Names): string {
  return name[language.value];
}

/** A class's name without the remark that its code is the city's own; the code itself says that. */
export function classNamed(kind: EventClass): string {
  return withoutRemark(named(kind.name));
}

/** The same in one language. */
export function withoutRemark(name: string): string {
  return name.replace(/\s*[((]自定义[))]$/, "");
}

/** The word for a detector's label or a sensor's quantity; the bare name where there is none. */
export function labelled(label: string): string {
  const known: Readonly<Record<string, string | undefined>> = words.value.labels;
  return known[label] ?? quantityNamed(label);
}

/** The word for what is measured; the bare name where there is none. */
export function quantityNamed(quantity: string): string {
  const known = QUANTITIES[quantity];
  const labels: Readonly<Record<string, string | undefined>> = words.value.labels;
  return known ? named(known) : (labels[quantity] ?? quantity);
}
