import { signal } from "@preact/signals";
import type { Evidence } from "../api/types";

export const helpShown = signal(false);
/** The photo shown large. */
export const pictureShown = signal<Evidence | null>(null);
/** Which of the two is shown on a narrow screen. */
export const pane = signal<"list" | "map">("list");
/** What fills the screen: the incidents, the nodes and their devices, or the curves of a point or node. */
export const screen = signal<"incidents" | "nodes" | "charts">("incidents");
/** A point chosen on the map where nothing is the matter. */
export const quietPoint = signal<string | null>(null);
