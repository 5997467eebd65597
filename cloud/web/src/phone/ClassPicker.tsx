import { useSignal } from "@preact/signals";
import type { EventClassOut } from "../api/phone";
import { classNamed } from "../words";
import { reference } from "./cases";
import { text } from "./words";

/** What is met most in a street, by code; the rest by searching. */
const COMMON = ["05-06-081", "05-05-081", "01-02", "05-07", "05-04", "01-10", "04-99-081", "02-01"];
/** States of our own devices: nobody reports them by hand. */
const OWN = "90-";

export function ClassPicker({ chosen, onChoose }: { chosen: EventClassOut | null; onChoose(one: EventClassOut): void }) {
  const search = useSignal("");
  const { report } = text.value;
  const all = reference.value.classes.filter((one) => !one.code.startsWith(OWN));
  const sought = search.value.trim().toLowerCase();
  const shown = sought
    ? all.filter((one) => `${one.code} ${one.name.zh} ${one.name.en}`.toLowerCase().includes(sought))
    : all.filter((one) => COMMON.includes(one.code)).sort((a, b) => COMMON.indexOf(a.code) - COMMON.indexOf(b.code));
  const list = chosen && !shown.includes(chosen) ? [chosen, ...shown] : shown;
  return (
    <section aria-labelledby="class-title">
      <h2 id="class-title">{report.kind}</h2>
      <label class="field">
        <span class="unseen">{report.search}</span>
        <input type="search" placeholder={report.search} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
      </label>
      <div class="choices" role="group" aria-label={report.pick}>
        {list.map((one) => (
          <button key={one.code} type="button" aria-pressed={chosen?.code === one.code} onClick={() => onChoose(one)}>{classNamed(one)}</button>
        ))}
      </div>
    </section>
  );
}
