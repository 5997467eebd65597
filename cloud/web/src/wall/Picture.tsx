import { pictureShown } from "../state/panes";
import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { Dialog } from "./Dialog";

/** One photo, as large as the screen allows. */
export function Picture() {
  const photo = pictureShown.value;
  if (!photo) return null;
  const { care, detail, locale } = words.value;
  const what = {
    present: detail.before, cleared: detail.after, empty: detail.emptyPhoto, clip: detail.clip,
    fresh: care.fresh,
  }[photo.kind];
  return (
    <Dialog name="picture" label={what} onClose={() => (pictureShown.value = null)}>
      <img src={photo.url} width={photo.width} height={photo.height} alt={what} />
      <p><b>{what}</b> <time>{formatWhen(photo.captured_at, locale, now.value)}</time></p>
    </Dialog>
  );
}
