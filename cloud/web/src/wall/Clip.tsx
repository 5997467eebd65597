import { useSignal } from "@preact/signals";
import type { Evidence } from "../api/types";
import { now } from "../state/clock";
import { hasRole } from "../state/session";
import { words } from "../words";
import { formatWhen } from "../words/format";

/** The seconds around the arrival, over and over; where the browser cannot play them, it says so. */
export function Clip({ clip }: { clip: Evidence }) {
  const { detail, locale } = words.value;
  const failed = useSignal(false);
  const sees = hasRole("operator", "leader");
  const playable = clip.codec !== "h265" || canPlayH265();
  return (
    <figure class="photo clip">
      {!sees ? (
        <p class="note">{detail.clipOriginal}</p>
      ) : playable && !failed.value ? (
        <video
          src={clip.url} width={clip.width} height={clip.height} aria-label={detail.clip}
          muted loop autoplay playsInline preload="metadata" onError={() => (failed.value = true)}
        />
      ) : (
        <p class="note">
          {clip.codec === "h265" ? detail.clipH265 : detail.clipFailed}{" "}
          <a href={clip.url} download={`${clip.id}.mp4`}>{detail.clipSave}</a>
        </p>
      )}
      <figcaption>
        <b>{detail.clip}</b> <time>{formatWhen(clip.captured_at, locale, now.value)}</time>
      </figcaption>
    </figure>
  );
}

function canPlayH265(): boolean {
  return document.createElement("video").canPlayType('video/mp4; codecs="hvc1.1.6.L93.B0"') !== "";
}
