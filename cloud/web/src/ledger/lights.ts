import type { Clocks } from "../api/ledger";

export type Light = "green" | "yellow" | "red";
const WORST: readonly Light[] = ["red", "yellow", "green"];

export interface Lit {
  light: Light;
  /** When the step that is nearest its limit runs out; null: it stands still. */
  due: string | null;
}

/** The worst light among the steps whose clock runs, and when that runs out; null: none runs. Pure. */
export function lightOf(clocks: Clocks | undefined): Lit | null {
  const running = (clocks?.steps ?? []).filter((one) => one.running);
  const light = WORST.find((one) => running.some((step) => step.light === one));
  if (!light) return null;
  const due = running.filter((step) => step.light === light).map((step) => step.due_at).filter((at) => at !== null);
  return { light, due: due.sort()[0] ?? null };
}
