import type { ComponentChildren } from "preact";
import type { Evidence, Incident } from "../api/types";
import { now } from "../state/clock";
import { pictureShown } from "../state/panes";
import { isCamera, isNode } from "../state/places";
import { seesPictures } from "../state/session";
import { labelled, words } from "../words";
import { formatNumber, formatQuantity, formatWhen, unitSign } from "../words/format";
import { Clip } from "./Clip";
import { arrange } from "./photos";

/**
 * Before beside after (until there is one: beside now), the clip, and the empty place; for what a sensor found its value.
 * `now`: how the place looks now, where that is to be seen.
 */
export function Photos({ incident, now: current }: { incident: Incident; now?: ComponentChildren }) {
  const text = words.value.detail;
  const { before, after, empty, rest, clip } = arrange(incident.evidence);
  if (!isCamera(incident.camera) && incident.evidence.length === 0) {
    return (
      <>
        <Reading incident={incident} />
        {current && <section class="photos" aria-label={text.photos}>{current}</section>}
      </>
    );
  }
  if (!seesPictures()) return <p class="note">{text.noPictures}</p>;
  const lost = (kind: Evidence["kind"]): boolean => incident.evidence_lost.includes(kind);
  const moving = clip && <Clip key={clip.id} clip={clip} />;
  const cleared = <Photo photo={after} what={text.after} missing={lost("cleared") ? text.photoLost : text.noAfter} />;
  const bare = <Photo photo={empty} what={text.emptyPhoto} missing={lost("empty") ? text.photoLost : text.noEmpty} />;
  const stripped = !current || (after && clip);
  return (
    <section class="photos" aria-label={text.photos}>
      <Photo photo={before} what={text.before} missing={missingBefore(incident)} />
      {after && cleared}
      {current}
      {after ? current && moving : (moving ?? cleared)}
      {!stripped && bare}
      {(stripped || rest.length > 0) && (
        <div class="photo-strip">
          {stripped && bare}
          {rest.slice(0, 3).map((photo) => (
            <Photo key={photo.id} photo={photo} what={whatOf(photo)} missing="" />
          ))}
        </div>
      )}
      {after && !current && moving}
      {!clip && lost("clip") && <p class="note clip">{text.clipLost}</p>}
    </section>
  );
}

/** What a photo beside the large ones shows. */
function whatOf(photo: Evidence): string {
  const { care, detail } = words.value;
  if (photo.kind === "fresh") return care.fresh;
  return photo.kind === "cleared" ? detail.after : detail.before;
}

/** Why there is no photo: it may still come, or never will. */
function missingBefore(incident: Incident): string {
  const text = words.value.detail;
  if (incident.evidence_lost.includes("present")) return text.photoLost;
  return incident.evidence_due ? text.photoDue : text.noBefore;
}

/** Of a sensor's finding the value takes the photos' place. */
function Reading({ incident }: { incident: Incident }) {
  const { detail, facts, locale } = words.value;
  const { measured } = incident;
  return (
    <div class="reading">
      {measured && (
        <p>
          {labelled(measured.quantity)}
          <b>{formatNumber(measured.value, locale)}</b> {unitSign(measured.unit)}
          <small>{facts.limit(formatQuantity(measured.limit, measured.unit, locale))}</small>
        </p>
      )}
      <p class="note">
        {incident.camera === "" ? detail.noDevice : isNode(incident.camera) ? detail.fromCloud : detail.noCamera}
      </p>
    </div>
  );
}

function Photo({ photo, what, missing }: { photo: Evidence | null; what: string; missing: string }) {
  const { detail, locale } = words.value;
  if (!photo) {
    return (
      <figure class="photo missing">
        <div>{missing}</div>
        <figcaption><b>{what}</b></figcaption>
      </figure>
    );
  }
  return (
    <figure class={`photo ${photo.kind}`}>
      <button type="button" aria-label={detail.enlarge(what)} onClick={() => (pictureShown.value = photo)}>
        <img src={photo.url} width={photo.width} height={photo.height} alt={what} />
      </button>
      <figcaption>
        <b>{what}</b> <time>{formatWhen(photo.captured_at, locale, now.value)}</time>
      </figcaption>
    </figure>
  );
}
