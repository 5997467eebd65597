import { useState } from "preact/hooks";
import { text as shared } from "../office/words";
import { text } from "./words";

/** A button for what cannot be taken back: the second press does it. */
export function Sure({ title, busy, onSure }: { title: string; busy: boolean; onSure: () => void }) {
  const [asked, setAsked] = useState(false);
  if (!asked) return <button type="button" class="link" aria-disabled={busy} onClick={() => setAsked(true)}>{title}</button>;
  return (
    <>
      <button type="button" class="button primary" aria-disabled={busy} onClick={() => { setAsked(false); onSure(); }}>{text.value.sure(title)}</button>
      <button type="button" class="button" onClick={() => setAsked(false)}>{shared.value.cancel}</button>
    </>
  );
}
