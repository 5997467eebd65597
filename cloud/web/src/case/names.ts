import { words } from "../words";
import { text } from "./words";

/** The word of a step: the wall's own, or one of those that only this page offers. */
export function stepNamed(action: string): string {
  const known: Readonly<Record<string, string | undefined>> = { ...words.value.actions, ...text.value.steps };
  return known[action] ?? action;
}
