import { useSignal } from "@preact/signals";
import { Camera } from "./Camera";
import { onDuty } from "./duty";
import type { KeptPhoto } from "./store";
import { useBlobUrl } from "./useBlobUrl";
import { text } from "./words";

interface Wanted {
  photos: readonly KeptPhoto[];
  what: string;
  before?: { url: string | null; copy: Blob | null } | null;
  onChange(photos: readonly KeptPhoto[]): void;
}

const MOST = 9;

/** Photos taken for one action, and the way to take another. */
export function PhotoTray({ photos, what, before = null, onChange }: Wanted) {
  const shooting = useSignal(false);
  const { form } = text.value;
  return (
    <div class="tray" role="group" aria-label={form.photos}>
      <ul>
        {photos.map((photo, at) => (
          <Taken key={photo.sha256} photo={photo} name={form.photo(at + 1)}
            onRemove={() => onChange(photos.filter((one) => one !== photo))} />
        ))}
      </ul>
      {photos.length < MOST && (
        <button type="button" class="button big" onClick={() => (shooting.value = true)}>
          {photos.length ? form.another : form.shoot}
        </button>
      )}
      {!onDuty.value && <p class="note">{form.noPlace}</p>}
      {shooting.value && (
        <Camera what={what} before={before} onClose={() => (shooting.value = false)}
          onTaken={(photo) => {
            shooting.value = false;
            onChange([...photos.filter((one) => one.sha256 !== photo.sha256), photo]);
          }} />
      )}
    </div>
  );
}

function Taken({ photo, name, onRemove }: { photo: KeptPhoto; name: string; onRemove(): void }) {
  const url = useBlobUrl(photo.small);
  return (
    <li>
      {url && <img src={url} alt={name} data-sha256={photo.sha256} data-bytes={photo.small.size} />}
      <button type="button" class="quiet" onClick={onRemove}>{text.value.form.remove}</button>
    </li>
  );
}
