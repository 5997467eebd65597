import { computed, effect, signal } from "@preact/signals";
import {
  type CameraBrief, type CameraSite, cameraSite, siteCameras, type EventClassOut, eventClasses, type Proposal, putCamera, type RuleForms, ruleForms,
  sitePicture,
} from "../api/editor";
import { Refused } from "../api/calls";
import { begun, type Course, type Draft, draftOf, editOf, redone, same, stepped, undone } from "./draft";

/** A camera that is edited: what the site says, and what is drawn. Kept until it is published or thrown away. */
export interface Edited {
  readonly site: CameraSite;
  readonly course: Course;
}

export interface Picture {
  readonly url: string;
  readonly takenAt: string;
  readonly width: number;
  readonly height: number;
}

const CHECK_AFTER_MS = 700;
const KEPT = "gridwatch.editor";

export const forms = signal<RuleForms | null>(null);
export const classes = signal<readonly EventClassOut[]>([]);
/** All cameras of the site; null until they were loaded. */
export const cameras = signal<readonly CameraBrief[] | null>(null);
export const camerasRefused = signal<Refused | null>(null);
export const camera = signal("");
const edits = signal<ReadonlyMap<string, Edited>>(recalled());
export const edited = computed(() => edits.value.get(camera.value) ?? null);
export const draft = computed(() => edited.value?.course.now ?? null);
/** The zone and the corner that keys are about. */
export const chosen = signal(0);
export const corner = signal(0);
export const picture = signal<Picture | null>(null);
/** Why there is no picture, or the page could not be loaded. */
export const pictureRefused = signal<Refused | null>(null);
export const refused = signal<Refused | null>(null);
/** What the cloud said of the draft: what it would change, or its faults; null while it was not asked yet. */
export const checked = signal<{ readonly draft: Draft; readonly proposal: Proposal | null; readonly refused: Refused | null } | null>(null);

export const unsaved = computed(() => new Set([...edits.value].filter(([, one]) => differs(one)).map(([id]) => id)));
export const dirty = computed(() => unsaved.value.has(camera.value));
export const faults = computed<ReadonlyMap<string, string>>(
  () => new Map((checked.value?.refused?.faults ?? []).map((fault) => [fault.pointer.replace(/^\/body\//, ""), fault.detail])),
);
/** What the cloud says of exactly what is drawn now. */
export const answered = computed(() => checked.value !== null && checked.value.draft === draft.value);

function differs(one: Edited): boolean {
  return !same(one.course.now, draftOf(one.site));
}

/** What was drawn before this tab was loaded anew. */
function recalled(): Map<string, Edited> {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as { site: CameraSite; now: Draft }[];
  return new Map(kept.map(({ site, now }) => [site.camera, { site, course: stepped(begun(draftOf(site)), now) }]));
}

effect(() => {
  const drawn = [...edits.value.values()].filter(differs).map(({ site, course }) => ({ site, now: course.now }));
  sessionStorage.setItem(KEPT, JSON.stringify(drawn));
});

function keep(site: CameraSite, course: Course): void {
  edits.value = new Map(edits.value).set(site.camera, { site, course });
}

export async function loadCameras(): Promise<void> {
  camerasRefused.value = null;
  try {
    cameras.value = await siteCameras();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    camerasRefused.value = error;
  }
}

/** Show a camera; what was drawn there before is there again. */
export async function openCamera(id: string): Promise<void> {
  if (camera.value !== id) {
    camera.value = id;
    chosen.value = 0;
    corner.value = 0;
    checked.value = null;
    dropPicture();
  }
  refused.value = null;
  try {
    if (!forms.value) [forms.value, classes.value] = await Promise.all([ruleForms(), eventClasses()]);
    const site = await cameraSite(id);
    const before = edits.value.get(id);
    if (!before || !differs(before)) keep(site, begun(draftOf(site)));
    // Where somebody else changed this camera meanwhile, publishing says so, and whoever draws chooses.
    else keep(same(draftOf(before.site), draftOf(site)) ? site : before.site, before.course);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (camera.value === id) refused.value = error;
    return;
  }
  await takePicture();
}

/** The newest picture of the camera that is shown. */
export async function takePicture(): Promise<void> {
  const id = camera.value;
  pictureRefused.value = null;
  try {
    const still = await sitePicture(id);
    const bitmap = await createImageBitmap(still.blob);
    if (camera.value !== id) return;
    dropPicture();
    picture.value = { url: URL.createObjectURL(still.blob), takenAt: still.takenAt, width: bitmap.width, height: bitmap.height };
    bitmap.close();
  } catch (error) {
    // A picture that cannot be decoded is a DOMException.
    if (!(error instanceof Refused || error instanceof DOMException)) throw error;
    if (camera.value === id) pictureRefused.value = error instanceof Refused ? error : new Refused(0, "unreadable");
  }
}

function dropPicture(): void {
  if (picture.value) URL.revokeObjectURL(picture.value.url);
  picture.value = null;
}

/** One step; several with the same `about` in a row are one step back. */
export function change(next: Draft, about = ""): void {
  const one = edited.value;
  if (one) keep(one.site, stepped(one.course, next, about));
}

export function undo(): void {
  const one = edited.value;
  if (one) keep(one.site, undone(one.course));
}

export function redo(): void {
  const one = edited.value;
  if (one) keep(one.site, redone(one.course));
}

/** Throw away what was drawn here. */
export function revert(): void {
  const one = edited.value;
  if (one) keep(one.site, begun(draftOf(one.site)));
}

/** What was published is what the site says now. */
export function published(proposal: Proposal): void {
  const one = edited.value;
  if (one) keep({ ...one.site, ...editOf(one.course.now), version: proposal.version } as CameraSite, begun(one.course.now));
  checked.value = null;
}

/** Go on from the version that is in force now: with what is drawn here, or with what it says. */
export async function goOn(mine: boolean): Promise<void> {
  const one = edited.value;
  if (!one) return;
  const site = await cameraSite(one.site.camera);
  keep(site, mine ? stepped(begun(draftOf(site)), one.course.now) : begun(draftOf(site)));
  checked.value = null;
  // The draft may be the very same, and asks for nothing by itself then.
  if (mine) await check();
}

/** Ask the cloud what it makes of the draft. */
export async function check(): Promise<void> {
  const one = edited.value;
  if (!one) return;
  const asked = one.course.now;
  let answer: { proposal: Proposal | null; refused: Refused | null };
  try {
    answer = { proposal: await putCamera(one.site.camera, one.site.version, editOf(asked), true), refused: null };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    answer = { proposal: null, refused: error };
  }
  if (draft.value === asked) checked.value = { draft: asked, ...answer };
}

effect(() => {
  // Read first: the effect follows each change.
  const asked = draft.value;
  if (!asked || !dirty.value) return;
  const timer = setTimeout(() => void check(), CHECK_AFTER_MS);
  return () => clearTimeout(timer);
});
