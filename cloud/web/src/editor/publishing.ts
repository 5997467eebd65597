import { signal } from "@preact/signals";
import { lastCommands, putCamera } from "../api/editor";
import { nodeDevices, Refused } from "../api/calls";
import { editOf } from "./draft";
import { check, edited, goOn, published } from "./state";

/** How a node stands to the version that was published. */
export interface Taking {
  readonly version: number;
  readonly node: string;
  readonly state: "waits" | "has" | "says" | "silent";
  /** Why it cannot. */
  readonly why: string;
}

const LOOK_MS = 2000;
const PATIENCE_MS = 120_000;

export const working = signal(false);
export const refused = signal<Refused | null>(null);
export const taking = signal<Taking | null>(null);
/** Which version the node said last that it runs. */
export const running = signal<{ node: string; version: string; problem: string } | null>(null);

/** Put what is drawn in force; then follow the node until it runs it. */
export async function publish(): Promise<void> {
  const one = edited.value;
  if (!one || working.value) return;
  working.value = true;
  refused.value = null;
  try {
    const proposal = await putCamera(one.site.camera, one.site.version, editOf(one.course.now), false);
    published(proposal);
    follow(proposal.version, one.site.node);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused.value = error;
    if (error.status === 422) await check();
  } finally {
    working.value = false;
  }
}

/** After somebody else was quicker. */
export async function resolve(mine: boolean): Promise<void> {
  try {
    await goOn(mine);
    refused.value = null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused.value = error;
  }
}

/** See whether the node takes a version over. */
export function follow(version: number, node: string): void {
  taking.value = { version, node, state: "waits", why: "" };
  void look(version, node, Date.now() + PATIENCE_MS);
}

async function look(version: number, node: string, until: number): Promise<void> {
  if (taking.value?.version !== version || taking.value.node !== node) return;
  let state: Taking["state"] = Date.now() < until ? "waits" : "silent";
  let why = "";
  try {
    await askRunning(node);
    if (Number(running.value?.version) >= version) state = "has";
    else {
      const failed = (await lastCommands(node)).find((one) => one.kind === "site" && one.state === "failed" && one.body.version === version);
      why = String(failed?.answer?.reason ?? "");
      if (why) state = "says";
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  if (taking.value?.version !== version || taking.value.node !== node) return;
  taking.value = { version, node, state, why };
  if (state === "waits") setTimeout(() => void look(version, node, until), LOOK_MS);
}

/** Ask which version a node runs. */
export async function askRunning(node: string): Promise<void> {
  const self = (await nodeDevices(node)).find((device) => device.id === node);
  const { site_version: version, site_problem: problem } = self?.facts ?? {};
  running.value = { node, version: String(version ?? ""), problem: typeof problem === "string" ? problem : "" };
}
