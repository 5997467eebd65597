import { SEVERITIES } from "../state/order";
import { helpShown } from "../state/panes";
import { words } from "../words";
import { Dialog } from "./Dialog";
import { SeverityMark } from "./SeverityMark";

export function Help() {
  if (!helpShown.value) return null;
  const { help, severities } = words.value;
  const keys: readonly [string, string][] = [
    ["J", help.next],
    ["K", help.previous],
    ["Enter", help.open],
    ["A", help.accept],
    ["F", help.falseAlarm],
    ["D", help.dispatch],
    ["C", help.close],
    ["N", help.nodes],
    ["T", help.curves],
    ["Esc", help.back],
    ["?", help.help],
  ];
  return (
    <Dialog name="help" label={help.title} onClose={() => (helpShown.value = false)}>
      <h2>{help.title}</h2>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt><kbd>{key}</kbd></dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="note">{help.note}</p>
      <h3>{help.marks}</h3>
      <p class="marks">
        {SEVERITIES.map((severity) => (
          <span key={severity}><SeverityMark severity={severity} /> {severities[severity]}</span>
        ))}
      </p>
    </Dialog>
  );
}
