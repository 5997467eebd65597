import type { ComponentType } from "preact";
import type { Session } from "../api/types";
import { text as floodTitle } from "../flood/title";
import { text as seatWords } from "../seat/words";
import { titles as caseTitles } from "../case/titles";
import { titles as editorTitles } from "../editor/titles";
import { titles } from "../office/titles";
import { hasRole } from "../state/session";
import { titles as videoTitles } from "../video/titles";
import { words } from "../words";

/** A page of the wall beside the live one; its code is loaded when it is first opened. */
export interface Page {
  /** Its name in the address: `#/nodes`. */
  name: string;
  /** The key that opens it after G, by place on the keyboard. */
  code: string;
  title(): string;
  load(): Promise<ComponentType>;
  /** Roles that may open it; without any: everybody. */
  roles?: Session["user"]["roles"];
  /** Not in the navigation: it is about one thing, and something else leads to it. */
  hidden?: true;
}

/** Whether whoever is signed in may open it. */
export function maySee(page: Page): boolean {
  return !page.roles || hasRole(...page.roles);
}

/** Who reads figures: whoever sees cases. */
const FIGURES: NonNullable<Page["roles"]> = [
  "operator", "leader", "grid_worker", "grid_leader", "community", "department", "street", "auditor",
];

export const PAGES: readonly Page[] = [
  {
    name: "video",
    code: "KeyV",
    title: () => videoTitles.value.video,
    load: async () => (await import("../video/Video")).Video,
    roles: ["operator", "leader", "street", "community", "grid_leader"],
  },
  {
    name: "nodes",
    code: "KeyN",
    title: () => words.value.nodes.open,
    load: async () => (await import("../nodes/Nodes")).Nodes,
  },
  {
    name: "charts",
    code: "KeyT",
    title: () => words.value.charts.open,
    load: async () => (await import("./Charts")).Charts,
    hidden: true,
  },
  {
    name: "ledger",
    code: "KeyL",
    title: () => titles.value.ledger,
    load: async () => (await import("../ledger/Ledger")).Ledger,
    roles: FIGURES,
  },
  {
    name: "reports",
    code: "KeyR",
    title: () => titles.value.reports,
    load: async () => (await import("../reports/Reports")).Reports,
    roles: FIGURES,
  },
  {
    name: "triage",
    code: "KeyI",
    title: () => titles.value.triage,
    load: async () => (await import("../triage/Triage")).Triage,
    roles: ["operator", "leader", "grid_worker", "grid_leader", "community", "street"],
  },
  {
    name: "plans",
    code: "KeyJ",
    title: () => titles.value.plans,
    load: async () => (await import("../triage/Plans")).Plans,
    roles: ["operator", "leader", "grid_worker", "grid_leader", "community", "street", "auditor"],
  },
  {
    name: "admin",
    code: "KeyA",
    title: () => titles.value.admin,
    load: async () => (await import("../admin/Admin")).Admin,
    roles: ["administrator", "street", "auditor"],
  },
  {
    name: "case",
    code: "KeyE",
    title: () => caseTitles.value.case,
    load: async () => (await import("../case/Case")).Case,
    roles: FIGURES,
    hidden: true,
  },
  {
    name: "handover",
    code: "KeyH",
    title: () => caseTitles.value.handover,
    load: async () => (await import("../handover/Handover")).Handover,
    roles: ["operator", "leader"],
  },
  {
    name: "replay",
    code: "KeyP",
    title: () => caseTitles.value.replay,
    load: async () => (await import("../replay/Replay")).Replay,
    roles: FIGURES,
  },
  {
    name: "flood",
    code: "KeyF",
    title: () => floodTitle.value.flood,
    load: async () => (await import("../flood/Flood")).Flood,
    roles: ["operator", "leader", "street", "auditor"],
  },
  {
    name: "seat",
    code: "KeyS",
    title: () => seatWords.value.title,
    load: async () => (await import("../seat/SeatPage")).SeatPage,
    roles: ["operator", "leader"],
  },
  {
    name: "editor",
    code: "KeyZ",
    title: () => editorTitles.value.editor,
    load: async () => (await import("../editor/Editor")).Editor,
    roles: ["administrator"],
  },
];
