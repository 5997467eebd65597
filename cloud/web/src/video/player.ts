import { liveUrl } from "../api/video";
import { hangUp, jump, type Moved, OPENING, parseWord, type Said, type Word } from "./protocol";

/** What the player shows: what was said of the picture, and what it knows by itself. */
export type Shown = Said | "connecting" | "lost" | "given_up" | "unsupported";

const LOOK_MS = 250;
/** Without a byte for so long, a picture that was live counts as lost and is asked for anew. */
const SILENT_MS = 6_000;
const RETRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** A connection that held so long had no trouble. */
const STEADY_MS = 20_000;
/** Seconds of what was shown that stay in memory. */
const KEPT_S = 8;

export interface Told {
  shown(state: Shown, word: Word | null): void;
  /** The first picture is on screen, so many milliseconds after it was asked for. */
  first(ms: number): void;
  moved(moved: Moved): void;
}

/** One camera's live picture in one video element, until `close`. */
export class Player {
  private socket: WebSocket | null = null;
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private waiting: ArrayBuffer[] = [];
  private word: Word | null = null;
  private closed = false;
  private failures = 0;
  private began = performance.now();
  private opened = 0;
  private heard = 0;
  private seen = false;
  private timers: number[] = [];

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly camera: string,
    private readonly reason: string | null,
    private readonly told: Told,
    /** Asked when the cloud does not open the connection; answers whether to try again. */
    private readonly refused: () => Promise<boolean>,
  ) {
    if (!("MediaSource" in window)) {
      told.shown("unsupported", null);
      return;
    }
    this.timers.push(window.setInterval(() => this.look(), LOOK_MS));
    this.connect();
  }

  /** Seconds between what is shown and the newest that has come. */
  get behind(): number {
    const { buffered, currentTime } = this.video;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  /** Ask the camera to move; nothing where there is no connection. */
  send(wish: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }

  /** Begin anew after it gave up. */
  again(): void {
    this.failures = 0;
    this.began = performance.now();
    this.connect();
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    this.hangUp();
  }

  private connect(): void {
    if (this.closed) return;
    this.hangUp();
    this.show("connecting");
    const socket = new WebSocket(liveUrl(this.camera, this.reason));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = this.opened = performance.now();
    let open = false;
    socket.onopen = () => {
      open = true;
      this.heard = this.opened = performance.now();
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      if (socket !== this.socket) return;
      this.heard = performance.now();
      if (typeof event.data === "string") this.hear(event.data);
      else this.take(event.data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      void this.retry(open);
    };
  }

  private async retry(open: boolean): Promise<void> {
    if (this.closed) return;
    if (!open && !(await this.refused())) {
      this.show("given_up");
      return;
    }
    this.failures = performance.now() - this.opened > STEADY_MS ? 1 : this.failures + 1;
    if (this.failures > RETRIES) {
      this.show("given_up");
      return;
    }
    this.show("lost");
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
    this.timers.push(window.setTimeout(() => this.connect(), wait));
  }

  private hear(text: string): void {
    const said = parseWord(text);
    if (said.type === "moved") {
      this.told.moved(said);
      return;
    }
    this.word = said;
    this.show(said.state);
  }

  private take(data: ArrayBuffer): void {
    const kind = new Uint8Array(data, 0, 1)[0];
    if (kind === OPENING) this.open();
    this.waiting.push(data.slice(1));
    this.feed();
  }

  /** A stream begins, perhaps of another shape, and with times that have nothing to do with those before. */
  private open(): void {
    const type = `video/mp4; codecs="${this.word?.codecs ?? ""}"`;
    this.buffer = null;
    if (!MediaSource.isTypeSupported(type)) {
      this.show("codec");
      return;
    }
    const source = new MediaSource();
    this.source = source;
    this.waiting = [];
    source.onsourceopen = () => {
      URL.revokeObjectURL(this.video.src);
      if (source !== this.source) return;
      this.buffer = source.addSourceBuffer(type);
      this.buffer.onupdateend = () => this.feed();
      this.feed();
    };
    this.video.src = URL.createObjectURL(source);
    // Muted video may play without a click; where it may not, the first picture stands all the same.
    void this.video.play().catch(() => undefined);
    this.video.onloadeddata = () => {
      if (this.seen) return;
      this.seen = true;
      this.told.first(performance.now() - this.began);
    };
  }

  private feed(): void {
    const { buffer } = this;
    if (!buffer || buffer.updating || this.source?.readyState !== "open" || this.video.error) return;
    const next = this.waiting.shift();
    if (next) buffer.appendBuffer(next);
    this.follow();
  }

  /** Stay near the newest picture. */
  private follow(): void {
    const { buffered } = this.video;
    const ranges = Array.from({ length: buffered.length }, (_, n) => [buffered.start(n), buffered.end(n)] as const);
    const to = jump(this.video.currentTime, ranges);
    if (to !== null) this.video.currentTime = to;
  }

  private look(): void {
    if (this.closed) return;
    if (this.video.error) {
      // What was sent cannot be played: a new source, from a key picture on.
      this.socket?.close();
      return;
    }
    this.follow();
    const { buffer } = this;
    if (buffer && !buffer.updating && this.source?.readyState === "open" && buffer.buffered.length > 0) {
      const until = this.video.currentTime - KEPT_S;
      if (until - buffer.buffered.start(0) > KEPT_S) buffer.remove(0, until);
    }
    if (this.socket?.readyState === WebSocket.OPEN && this.word?.state === "live" && performance.now() - this.heard > SILENT_MS) {
      this.socket.close();
    }
    if (this.video.paused && this.seen) void this.video.play().catch(() => undefined);
  }

  private hangUp(): void {
    if (this.socket) hangUp(this.socket);
    this.socket = null;
    this.waiting = [];
    this.buffer = null;
    this.source = null;
    this.word = null;
  }

  private show(state: Shown): void {
    this.told.shown(state, this.word);
  }
}
