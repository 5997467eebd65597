import { effect, signal } from "@preact/signals";
import { stillsUrl } from "../api/video";
import { hangUp, parseStill } from "./protocol";

export interface Shot {
  url: string;
  /** When it was taken, on the page's steady clock. */
  at: number;
}

/** The newest still of each camera that was looked at. */
export const shots = signal<ReadonlyMap<string, Shot>>(new Map());
/** The cloud does not send stills just now. */
export const stillsLost = signal(false);
/** Which cameras are on screen. */
const wanted = signal<readonly string[]>([]);

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** So many are remembered when one pages on: coming back shows the old one, with its age, until the new one is there. */
const KEPT = 64;

export function lookAt(cameras: readonly string[]): void {
  wanted.value = cameras;
}

/** Ask for the stills of what is on screen until the returned function is called; a hidden page asks for none. */
export function followStills(reason: string | null): () => void {
  let socket: WebSocket | null = null;
  let failures = 0;
  let timer = 0;
  let ended = false;
  const asked = (): readonly string[] => (document.hidden ? [] : wanted.peek());

  function ask(): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ cameras: asked() }));
  }

  function connect(): void {
    const mine = new WebSocket(stillsUrl(reason));
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      failures = 0;
      stillsLost.value = false;
      ask();
    };
    mine.onmessage = (event: MessageEvent<ArrayBuffer>) => keep(event.data);
    mine.onclose = () => {
      if (ended) return;
      stillsLost.value = true;
      failures += 1;
      timer = window.setTimeout(connect, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)));
    };
  }

  connect();
  const stop = effect(() => {
    void wanted.value;
    ask();
  });
  document.addEventListener("visibilitychange", ask);
  return () => {
    ended = true;
    stop();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", ask);
    if (socket) hangUp(socket);
    for (const shot of shots.value.values()) URL.revokeObjectURL(shot.url);
    shots.value = new Map();
    stillsLost.value = false;
  };
}

function keep(data: ArrayBuffer): void {
  const still = parseStill(data);
  const kept = new Map(shots.value);
  const before = kept.get(still.camera);
  if (before) URL.revokeObjectURL(before.url);
  kept.delete(still.camera);
  kept.set(still.camera, {
    url: URL.createObjectURL(new Blob([still.jpeg], { type: "image/jpeg" })),
    at: performance.now() - still.age * 1000,
  });
  for (const [camera, shot] of kept) {
    if (kept.size <= KEPT) break;
    URL.revokeObjectURL(shot.url);
    kept.delete(camera);
  }
  shots.value = kept;
}
