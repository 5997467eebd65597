import { useSignal } from "@preact/signals";
import type { Evidence as Photo, Incident, IncidentEvent } from "../api/types";
import { now } from "../state/clock";
import { isFinished } from "../state/order";
import { pictureShown } from "../state/panes";
import { hasRole, seesPictures } from "../state/session";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { addressOf, reason, SHORTEST } from "./originals";
import { Slider } from "./Slider";
import { photosOf } from "./timeline";
import { text } from "./words";

/** What was seen: before against after, every photo and clip, and those of whoever worked there. */
export function Evidence({ incident, log }: { incident: Incident; log: readonly IncidentEvent[] }) {
  const say = text.value;
  const work = log.flatMap((event) => photosOf(event).map((hash) => ({ hash, at: event.at })));
  const stills = incident.evidence.filter((one) => one.kind !== "clip");
  const clips = incident.evidence.filter((one) => one.kind === "clip");
  return (
    <section class="case-evidence" aria-labelledby="evidence-title">
      <h3 id="evidence-title">{say.evidence}</h3>
      {!seesPictures() ? (
        <p class="note">{words.value.detail.noPictures}</p>
      ) : (
        <>
          {incident.pair && <Slider before={incident.pair.before} after={incident.pair.after} />}
          {stills.length + work.length + clips.length === 0 && <p class="note">{say.none}</p>}
          <ul class="case-photos">
            {clips.map((clip) => <li key={clip.id}><Moving clip={clip} /></li>)}
            {stills.map((photo) => <li key={photo.id}><Still photo={photo} /></li>)}
            {work.map(({ hash, at }) => <li key={hash}><Work hash={hash} at={at} /></li>)}
          </ul>
          {incident.evidence.length + work.length > 0 && <Originals incident={incident} />}
        </>
      )}
    </section>
  );
}

function Still({ photo }: { photo: Photo }) {
  const what = text.value.kinds[photo.kind] ?? photo.kind;
  return (
    <figure>
      <button
        type="button" aria-label={words.value.detail.enlarge(what)}
        onClick={() => (pictureShown.value = { ...photo, url: addressOf(photo) })}
      >
        <Shown url={addressOf(photo)} what={what} width={photo.width} height={photo.height} />
      </button>
      <Caption what={what} at={photo.captured_at} />
    </figure>
  );
}

function Work({ hash, at }: { hash: string; at: string }) {
  const what = text.value.afterPhotos;
  return (
    <figure>
      <Shown url={addressOf({ url: `/api/v1/media/${hash}` })} what={what} />
      <Caption what={what} at={at} />
    </figure>
  );
}

function Moving({ clip }: { clip: Photo }) {
  const say = text.value;
  const open = hasRole("operator", "leader") || reason.value !== "";
  return (
    <figure>
      {open ? (
        <video
          src={addressOf(clip)} width={clip.width} height={clip.height} aria-label={say.kinds["clip"]}
          muted loop controls playsInline preload="metadata"
        />
      ) : (
        <p class="photo-missing">{say.clipOriginal}</p>
      )}
      <Caption what={say.kinds["clip"] ?? ""} at={clip.captured_at} />
    </figure>
  );
}

/** A picture, or why it does not come. */
function Shown({ url, what, width, height }: { url: string; what: string; width?: number; height?: number }) {
  const failed = useSignal("");
  if (failed.value === url) return <p class="photo-missing">{text.value.photoGone}</p>;
  return <img src={url} alt={what} width={width} height={height} loading="lazy" onError={() => (failed.value = url)} />;
}

function Caption({ what, at }: { what: string; at: string }) {
  return (
    <figcaption><b>{what}</b> <time>{formatWhen(at, words.value.locale, now.value)}</time></figcaption>
  );
}

/** Those who see copies may see originals when they say why; it is written down. */
function Originals({ incident }: { incident: Incident }) {
  const say = text.value;
  const asking = useSignal(false);
  const short = useSignal(false);
  if (reason.value) return <p class="note">{say.originalShown(reason.value)}</p>;
  if (hasRole("operator", "leader") && !isFinished(incident)) return null;
  if (!asking.value) {
    return (
      <p class="note">
        {say.copy}{" "}
        <button type="button" class="button" onClick={() => (asking.value = true)}>{say.original}</button>
      </p>
    );
  }
  return (
    <form
      class="case-form"
      onSubmit={(event) => {
        event.preventDefault();
        const given = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
        short.value = given.length < SHORTEST;
        if (!short.value) reason.value = given;
      }}
    >
      <label class="case-field">
        <span>{say.originalWhy}</span>
        <input name="reason" maxLength={200} required />
      </label>
      {short.value && <p class="fault" role="alert">{say.reasonShort}</p>}
      <div class="action-row">
        <button type="submit" class="button primary">{say.original}</button>
        <button type="button" class="button" onClick={() => (asking.value = false)}>{say.cancel}</button>
      </div>
    </form>
  );
}
