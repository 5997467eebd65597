import { signal } from "@preact/signals";
import { cancelTry, type Command, tried, tryZones } from "../api/editor";
import { Refused } from "../api/calls";
import { type Draft, editOf } from "./draft";
import { camera, draft } from "./state";

/** What a node answers to a `try`. */
export interface Answer {
  pictures: number;
  unclear: number;
  gaps: number;
  began: string | null;
  ended: string | null;
  complete: boolean;
  raised: readonly Raised[];
  nearest: readonly { zone: string; rule: string; most: number; longest_s: number }[];
  limits: readonly { zone: string; rule: string; limit: string }[];
}

export interface Raised {
  zone: string;
  rule: string;
  label: string;
  score: number;
  count: number | null;
  count_error: number | null;
  suspected: boolean;
  at_least: boolean;
  since: string;
  opened_at: string;
  cleared_at: string | null;
  picture: number | null;
}

export interface Try {
  readonly camera: string;
  readonly draft: Draft;
  readonly began: number;
  readonly command: Command | null;
  readonly refused: Refused | null;
}

const AGAIN_MS = 1000;
const DONE = new Set(["answered", "failed", "expired"]);

export const trying = signal<Try | null>(null);

export function isDone(one: Try): boolean {
  return one.refused !== null || (one.command !== null && DONE.has(one.command.state));
}

/** Have the node try what is drawn, and follow it until it is done. */
export async function begin(): Promise<void> {
  const now = draft.value;
  if (!now) return;
  const mine: Try = { camera: camera.value, draft: now, began: Date.now(), command: null, refused: null };
  trying.value = mine;
  try {
    follow(await tryZones(mine.camera, editOf(now).zones), mine);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (trying.value === mine) trying.value = { ...mine, refused: error };
  }
}

function follow(command: Command, mine: Try): void {
  // Another one was begun meanwhile.
  if (trying.value?.began !== mine.began) return;
  trying.value = { ...mine, command };
  if (!DONE.has(command.state)) setTimeout(() => void look(command.id, mine), AGAIN_MS);
}

async function look(id: string, mine: Try): Promise<void> {
  try {
    follow(await tried(id), mine);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Nobody answered: it goes on at the node, and is asked for again.
    if (error.status === 0) setTimeout(() => void look(id, mine), AGAIN_MS);
    else if (trying.value?.began === mine.began) trying.value = { ...mine, refused: error };
  }
}

export async function cancel(): Promise<void> {
  const command = trying.value?.command;
  if (!command) return;
  try {
    await cancelTry(command.id);
  } catch (error) {
    // It ends by itself.
    if (!(error instanceof Refused)) throw error;
  }
}
