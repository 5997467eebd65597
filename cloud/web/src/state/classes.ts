import { eventClasses } from "../api/desk";
import type { Incident } from "../api/types";
import { classNamed } from "../words";
import { once } from "./once";

export const classes = once(eventClasses);

/** What a class is called; its code until that is known. The list is fetched when first needed. */
export function classNameOf(code: string): string {
  classes.ask();
  const known = classes.value.find((one) => one.code === code);
  return known ? classNamed(known) : code;
}

/** The class that a person said it really is; null: nobody said that it is another. */
export function judgedClass(incident: Incident): string | null {
  const judged = incident.alarms.map((one) => one.verdict_class).filter((one) => one !== null).at(-1);
  return judged && judged !== incident.event_class.code ? judged : null;
}
