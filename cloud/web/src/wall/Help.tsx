import { SEVERITIES } from "../state/order";
import { helpShown } from "../state/panes";
import { words } from "../words";
import { Dialog } from "./Dialog";
import { KeyTable } from "./KeyTable";
import { SeverityMark } from "./SeverityMark";

export function Help() {
  if (!helpShown.value) return null;
  const { help, severities } = words.value;
  return (
    <Dialog name="help" label={help.title} onClose={() => (helpShown.value = false)}>
      <h2>{help.title}</h2>
      <KeyTable />
      <h3>{help.marks}</h3>
      <p class="marks">
        {SEVERITIES.map((severity) => (
          <span key={severity}><SeverityMark severity={severity} /> {severities[severity]}</span>
        ))}
      </p>
    </Dialog>
  );
}
