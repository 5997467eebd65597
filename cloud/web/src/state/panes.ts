import { signal } from "@preact/signals";
import type { Evidence } from "../api/types";

export const helpShown = signal(false);
/** The photo shown large. */
export const pictureShown = signal<Evidence | null>(null);
/** Which of the two is shown on a narrow screen. */
export const pane = signal<"list" | "map">("list");
/** A point chosen on the map where nothing is the matter. */
export const quietPoint = signal<string | null>(null);
