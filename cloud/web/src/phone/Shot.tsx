import { useSignal } from "@preact/signals";
import { picture } from "../api/phone";
import { reached } from "./me";
import type { KeptCase } from "./store";
import { useBlobUrl } from "./useBlobUrl";
import { text } from "./words";

/** What was seen: the copy in which nobody can be known; the original when it is asked for, which is written down. */
export function Shot({ one }: { one: KeptCase }) {
  const original = useSignal<Blob | null>(null);
  const failed = useSignal(false);
  const url = useBlobUrl(original.value ?? one.picture);
  const { task } = text.value;
  const address = one.incident.thumbnail_url;
  if (!url) return null;

  async function look(): Promise<void> {
    if (!address) return;
    const found = await picture(address, `${task.reason} ${one.incident.number}`).catch(() => null);
    original.value = found;
    failed.value = found === null;
  }

  return (
    <figure class="shot">
      <img src={url} alt={task.picture} />
      {!original.value && (
        <figcaption>
          <small>{failed.value ? task.originalFailed : task.copied}</small>
          {address && reached.value && <button type="button" class="button" onClick={() => void look()}>{task.original}</button>}
        </figcaption>
      )}
    </figure>
  );
}
