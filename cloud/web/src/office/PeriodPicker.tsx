import { instantsOf, PRESETS, presetOf, type Span } from "./period";
import { text } from "./words";

/** From which day to which; the usual spans by one press. */
export function PeriodPicker({ span, onPick }: { span: Span; onPick: (span: Span) => void }) {
  const words = text.value;
  const change = (part: keyof Span) => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    const then = { ...span, [part]: value };
    if (instantsOf(then)) onPick(then);
  };
  return (
    <fieldset class="period">
      <legend class="unseen">{words.period}</legend>
      <label><span>{words.from}</span> <input type="date" value={span.from} max={span.to} onChange={change("from")} /></label>
      <label><span>{words.to}</span> <input type="date" value={span.to} min={span.from} onChange={change("to")} /></label>
      <div class="presets" role="group" aria-label={words.period}>
        {PRESETS.map((name) => {
          const one = presetOf(name, new Date());
          const on = one.from === span.from && one.to === span.to;
          return (
            <button key={name} type="button" class="button" aria-pressed={on} onClick={() => onPick(one)}>
              {words.presets[name]}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
}
