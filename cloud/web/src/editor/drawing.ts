import { batch, signal } from "@preact/signals";
import { type Corner, LEAST_CORNERS, newZoneId, placed, withCorner, withCornerAfter, withoutCorner, withZone } from "./draft";
import { camera, change, chosen, corner, draft, redo, undo } from "./state";

/** The corners of a zone that is being drawn; null: none is. */
export const drawn = signal<readonly Corner[] | null>(null);
/** Where the keys' cross stands while a zone is drawn. */
export const cross = signal<Corner>([0.5, 0.5]);
/** Somebody wanted to finish a zone too early. */
export const tooFew = signal(false);

const STEP = 0.005;
const STRIDE = 0.05;
const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function beginDrawing(): void {
  drawn.value = [];
  cross.value = [0.5, 0.5];
  tooFew.value = false;
}

export function giveUp(): void {
  drawn.value = null;
  tooFew.value = false;
}

export function addCorner(at: Corner): void {
  if (drawn.value) drawn.value = [...drawn.value, at];
  tooFew.value = false;
}

/** The zone is as drawn: named by its id until somebody names it. */
export function finish(): void {
  const now = draft.value;
  const polygon = drawn.value;
  if (!now || !polygon) return;
  if (polygon.length < LEAST_CORNERS) {
    tooFew.value = true;
    return;
  }
  const id = newZoneId(camera.value, now.zones);
  batch(() => {
    change({ ...now, zones: [...now.zones, { id, name: { zh: id, en: id }, polygon, rules: [] }] });
    chosen.value = now.zones.length;
    corner.value = 0;
    giveUp();
  });
}

export function choose(zone: number, at = 0): void {
  batch(() => {
    chosen.value = zone;
    corner.value = at;
  });
}

export function moveCorner(zone: number, at: number, to: Corner, about = ""): void {
  const now = draft.value;
  const one = now?.zones[zone];
  if (now && one) change(withZone(now, zone, withCorner(one, at, to)), about || `corner ${zone} ${at}`);
}

/** Whether a key was for the picture. */
export function key(event: KeyboardEvent): boolean {
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyZ") {
    if (event.shiftKey) redo();
    else undo();
    return true;
  }
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyY") {
    redo();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  return drawn.value ? drawingKey(event) : editingKey(event);
}

function drawingKey(event: KeyboardEvent): boolean {
  const way = WAYS[event.code];
  if (way) cross.value = moved(cross.value, way, event.shiftKey);
  else if (event.code === "Space") addCorner(cross.value);
  else if (event.code === "Enter" || event.code === "NumpadEnter") finish();
  else if (event.code === "Backspace" || event.code === "Delete") drawn.value = (drawn.value ?? []).slice(0, -1);
  else if (event.code === "Escape") giveUp();
  else return false;
  return true;
}

function editingKey(event: KeyboardEvent): boolean {
  if (event.code === "KeyZ") {
    beginDrawing();
    return true;
  }
  const now = draft.value;
  const zone = now?.zones[chosen.value];
  if (!now || !zone) return false;
  const count = zone.polygon.length;
  const at = Math.min(corner.value, count - 1);
  const way = WAYS[event.code];
  const here = zone.polygon[at];
  if (way && here) moveCorner(chosen.value, at, moved(here, way, event.shiftKey));
  else if (event.code === "KeyN") corner.value = (at + (event.shiftKey ? count - 1 : 1)) % count;
  else if (event.code === "KeyI") {
    change(withZone(now, chosen.value, withCornerAfter(zone, at)));
    corner.value = at + 1;
  } else if (event.code === "Delete" || event.code === "Backspace") {
    change(withZone(now, chosen.value, withoutCorner(zone, at)));
    corner.value = Math.max(0, at - 1);
  } else if (event.code === "BracketLeft" || event.code === "BracketRight") {
    const zones = now.zones.length;
    choose((chosen.value + (event.code === "BracketRight" ? 1 : zones - 1)) % zones);
  } else return false;
  return true;
}

function moved(from: Corner, [across, down]: readonly [number, number], far: boolean): Corner {
  const by = far ? STRIDE : STEP;
  return placed(from[0] + across * by, from[1] + down * by);
}
