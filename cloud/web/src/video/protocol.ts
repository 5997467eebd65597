/** What a binary frame of a live picture is, by its first byte. */
export const OPENING = 0;
export const KEY = 1;

/** How the picture is doing, as the node or the cloud says. */
export type Said = "opening" | "live" | "stalled" | "away" | "held" | "codec" | "stills_only" | "node_away";

export interface Word {
  type: "state";
  state: Said;
  codecs: string;
  width: number;
  height: number;
  /** The camera can be moved. */
  ptz?: boolean;
  /** Places it can be sent to. */
  presets?: readonly { token: string; name: string }[];
}

/** What became of a wish to move the camera. */
export interface Moved {
  type: "moved";
  ok: boolean;
  why: string;
}

export function parseWord(text: string): Word | Moved {
  return JSON.parse(text) as Word | Moved;
}

export interface Still {
  camera: string;
  /** Seconds since it was taken, when it was sent. */
  age: number;
  jpeg: Uint8Array<ArrayBuffer>;
}

/** A still as it travels: two bytes of length, a head as JSON, the JPEG. */
export function parseStill(data: ArrayBuffer): Still {
  const length = new DataView(data).getUint16(0);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 2, length))) as { camera: string; age: number };
  return { ...head, jpeg: new Uint8Array(data, 2 + length) };
}

/** End a connection; one that is not open yet once it is, since browsers complain of what is closed before. */
export function hangUp(socket: WebSocket): void {
  socket.onclose = socket.onmessage = null;
  if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
  else socket.close();
}

/** Seconds of video that may wait before the player goes on at the newest picture. */
export const BEHIND_S = 1.2;
/** Where it goes on then, before the newest. */
export const EDGE_S = 0.15;

/**
 * Where to go on playing; null: all is well. `ranges`: what is there, in order; the last is the newest.
 * A player that stands in a gap, or before everything, or too far behind the newest, jumps.
 */
export function jump(at: number, ranges: readonly (readonly [number, number])[]): number | null {
  const newest = ranges.at(-1);
  if (!newest) return null;
  const [begin, end] = newest;
  if (end - at > BEHIND_S || at > end + 0.5) return Math.max(begin, end - EDGE_S);
  if (ranges.some(([from, to]) => from <= at && at <= to)) return null;
  return at < begin ? begin : null;
}
