/** While the page is looked at it hears at once of what changes; else it looks again when it is opened. */
import { effect, signal } from "@preact/signals";
import { Refused, STREAM_URL } from "../api/calls";
import { noticeDelivered, noticeRead } from "../api/phone";
import { follow } from "../api/stream";
import type { Incident } from "../api/types";
import { setServerTime } from "../state/clock";
import { known, refresh, refreshCase, takeCase } from "./cases";
import { sendFixes } from "./duty";
import { loggedOut, me, reached } from "./me";
import { hurry } from "./sender";
import * as store from "./store";
import { callOf, sectionOf } from "./tasks";

/** The case that calls, and the notice by which it was told. */
export interface Call {
  caseId: string;
  key: string;
  notice: string | null;
  /** What a colleague asks for; null: it is a task. */
  support: Named | null;
}
export const call = signal<Call | null>(null);

const heard = new Set<string>();

export async function recallCalls(): Promise<void> {
  for (const key of (await store.named<string[]>("heard")) ?? []) heard.add(key);
}

/** It was taken, or put off: it does not ring again. */
export async function endCall(): Promise<void> {
  const { key, notice } = call.value ?? { key: null, notice: null };
  // First this: the next one rings as soon as this call is gone.
  if (key) heard.add(key);
  call.value = null;
  await store.setNamed("heard", [...heard].slice(-200));
  if (notice) await noticeRead(notice).catch(ignore);
}

/** Ring for the first task that waits for a word. */
function ring(): void {
  const user = me.value;
  if (!user || call.value) return;
  for (const one of known.value.values()) {
    const key = callOf(one, user.username);
    if (key && !heard.has(key)) {
      call.value = { caseId: one.id, key, notice: null, support: null };
      return;
    }
  }
}

effect(ring);

let life: AbortController | null = null;

/** Look at once, and stay on the line while the page is seen. */
export function wake(): void {
  if (document.visibilityState !== "visible" || !me.value || loggedOut.value) {
    life?.abort();
    life = null;
    return;
  }
  void refresh().then(hurry);
  void sendFixes();
  if (life) return;
  life = new AbortController();
  const handlers = {
    heard: () => (reached.value = true),
    event: hear,
    signedOut: () => (loggedOut.value = true),
  };
  void follow(STREAM_URL, handlers, life.signal);
}

function hear(name: string, data: string): void {
  if (name === "hello") {
    setServerTime((JSON.parse(data) as { server_time: string }).server_time);
    void hurry();
  } else if (name === "reset") void refresh();
  else if (name === "incident") hearIncident(JSON.parse(data) as Incident);
  else if (name === "notice") void hearNotice(JSON.parse(data) as Told);
}

function hearIncident(incident: Incident): void {
  const user = me.value;
  const before = known.value.get(incident.id);
  // The stream renders for all: what oneself may do is asked for.
  const mine = { ...incident, allowed_actions: before?.incident.allowed_actions ?? incident.allowed_actions };
  if (before) takeCase(mine);
  if (!user) return;
  const section = sectionOf(mine, user.username);
  if (!before || section !== "grid" || incident.handler === user.username) void refreshCase(incident.id);
}

type Named = { zh: string; en: string };

interface Told {
  id: string;
  kind: string;
  incident_id: string | null;
  rung: number;
  words: Named;
}

async function hearNotice(notice: Told): Promise<void> {
  await noticeDelivered(notice.id).catch(ignore);
  const key = `${notice.id}/${notice.rung}`;
  if (!notice.incident_id || heard.has(key)) return;
  await refreshCase(notice.incident_id);
  if (known.value.has(notice.incident_id) && !call.value) {
    const support = notice.kind === "support" ? notice.words : null;
    call.value = { caseId: notice.incident_id, key, notice: notice.id, support };
  }
}

function ignore(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}
