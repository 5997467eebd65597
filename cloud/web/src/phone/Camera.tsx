import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { picture } from "../api/phone";
import { position } from "./duty";
import { me, reached } from "./me";
import { keep, stampLines } from "./photo";
import type { KeptPhoto } from "./store";
import { useBlobUrl } from "./useBlobUrl";
import { text } from "./words";
import { named } from "../words";

/** Somebody has the camera open. */
export const shooting = signal(false);

interface Wanted {
  /** What stands in the picture's foot. */
  what: string;
  /** The picture from before, to stand in the same spot; the original is asked for, and that is written down. */
  before: { url: string | null; copy: Blob | null } | null;
  onTaken(photo: KeptPhoto): void;
  onClose(): void;
}

/** The camera, with the picture from before laid over it. Without one of its own the page asks the system's. */
export function Camera({ what, before, onTaken, onClose }: Wanted) {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const state = useSignal<"opening" | "live" | "none">("opening");
  const working = useSignal(false);
  const ghost = useSignal(0.4);
  const original = useSignal<Blob | null>(null);
  const over = useBlobUrl(original.value ?? before?.copy ?? null);
  const words = text.value.camera;

  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    shooting.value = true;
    frame.current?.querySelector("button")?.focus();
    open().then(
      (found) => {
        stream = found;
        if (gone) close(found);
        else if (found && video.current) video.current.srcObject = found;
        else state.value = "none";
      },
      (error: unknown) => {
        if (!(error instanceof DOMException)) throw error;
        state.value = "none";
      },
    );
    return () => {
      gone = true;
      shooting.value = false;
      close(stream);
    };
  }, []);

  useEffect(() => {
    const url = before?.url;
    if (url && reached.value) {
      void picture(url, text.value.camera.reason).then((blob) => (original.value = blob), () => undefined);
    }
  }, [before?.url]);

  async function take(blob: Blob | null): Promise<void> {
    if (!blob || working.value) return;
    working.value = true;
    try {
      const at = new Date();
      const place = position.value;
      const user = me.value;
      const lines = stampLines(at, place, what, user ? named(user.name) : "", words.nowhere);
      const kept = place ? { lon: place.lon, lat: place.lat } : null;
      onTaken(await keep(blob, at, kept, lines));
    } finally {
      working.value = false;
    }
  }

  return (
    <div class="camera" role="dialog" aria-modal="true" aria-label={words.title} ref={frame}
      onKeyDown={(event) => event.code === "Escape" && onClose()}>
      <div class="camera-view">
        <video ref={video} autoplay playsInline muted onLoadedData={() => (state.value = "live")} />
        {over && <img class="ghost" src={over} alt={words.ghost} style={{ opacity: ghost.value }} />}
        {state.value === "none" && <p class="camera-none">{words.none}</p>}
      </div>
      {over && (
        <label class="camera-ghost">
          <span>{words.opacity}</span>
          <input type="range" min="0" max="0.9" step="0.05" value={ghost.value}
            onInput={(event) => (ghost.value = Number(event.currentTarget.value))} />
        </label>
      )}
      <div class="camera-foot">
        <button type="button" class="camera-close" onClick={onClose}>{words.close}</button>
        {state.value === "live" && (
          <button type="button" class="shutter" disabled={working.value} aria-label={words.shoot}
            onClick={() => video.current && void grab(video.current).then(take)} />
        )}
        {state.value === "none" && (
          <button type="button" class="button primary big" disabled={working.value} onClick={() => file.current?.click()}>
            {words.system}
          </button>
        )}
        <input ref={file} class="unseen" type="file" accept="image/*" capture="environment" tabIndex={-1} aria-label={words.system}
          onChange={(event) => void take(event.currentTarget.files?.[0] ?? null)} />
      </div>
    </div>
  );
}

/** The camera at the back; null where the page has none, which is without HTTPS. */
async function open(): Promise<MediaStream | null> {
  if (!navigator.mediaDevices) return null;
  const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } };
  return navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
}

function close(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The frame that is shown, nearly as it is. */
function grab(video: HTMLVideoElement): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
}
