import { computed, type ReadonlySignal } from "@preact/signals";
import { language } from "./index";

/**
 * The words of one page in the language shown now. The Chinese catalogue's type is the contract of the English one:
 * a missing word is a compile error.
 */
export function catalogue<Words extends object>(zh: Words, en: NoInfer<Words>): ReadonlySignal<Words> {
  all.push({ zh, en });
  return computed(() => (language.value === "zh" ? zh : en));
}

/** Every catalogue made so, for the tests. */
export const all: { zh: object; en: object }[] = [];
