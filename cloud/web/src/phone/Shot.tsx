import { useSignal } from "@preact/signals";
import { picture } from "../api/phone";
import { reached } from "./me";
import type { KeptCase } from "./store";
import { useBlobUrl } from "./useBlobUrl";
import { text } from "./words";

/** What was seen, and what it looks like since somebody said that it is done. */
export function Shots({ one }: { one: KeptCase }) {
  const { task } = text.value;
  const { incident, picture: before } = one;
  const after = one.after ?? [];
  const about = `${task.reason} ${incident.number}`;
  return (
    <>
      {before && <Shot copy={before} url={incident.thumbnail_url} about={about} title={after.length ? task.before : task.picture} />}
      {after.map((photo) => <Shot key={photo.url} copy={photo.picture} url={photo.url} about={about} title={task.after} />)}
    </>
  );
}

interface Wanted {
  copy: Blob;
  /** Of the original. */
  url: string | null;
  /** Why it is looked at. */
  about: string;
  title: string;
}

/** The copy in which nobody can be known; the original when it is asked for, which is written down. */
function Shot({ copy, url: address, about, title }: Wanted) {
  const original = useSignal<Blob | null>(null);
  const failed = useSignal(false);
  const url = useBlobUrl(original.value ?? copy);
  const { task } = text.value;
  if (!url) return null;

  async function look(): Promise<void> {
    if (!address) return;
    const found = await picture(address, about).catch(() => null);
    original.value = found;
    failed.value = found === null;
  }

  return (
    <figure class="shot">
      <img src={url} alt={title} />
      <figcaption>
        <b>{title}</b>
        {!original.value && <small>{failed.value ? task.originalFailed : task.copied}</small>}
        {!original.value && address && reached.value && (
          <button type="button" class="button" onClick={() => void look()}>{task.original}</button>
        )}
      </figcaption>
    </figure>
  );
}
