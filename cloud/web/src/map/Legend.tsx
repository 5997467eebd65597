import { SEVERITIES } from "../state/order";
import { SeverityMark } from "../wall/SeverityMark";
import { words } from "../words";

/** What the marks on the map mean. */
export function Legend() {
  const { map, severities } = words.value;
  return (
    <ul class="legend" aria-label={map.legend}>
      {SEVERITIES.map((severity) => (
        <li key={severity}>
          <SeverityMark severity={severity} /> <span>{severities[severity]}</span>
        </li>
      ))}
      <li>
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle class="quiet-dot" cx="12" cy="12" r="4.5" /></svg>
        <span>{map.quiet}</span>
      </li>
      <li>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path class="down" d="M8 8l8 8m0-8l-8 8" /></svg>
        <span>{map.down}</span>
      </li>
    </ul>
  );
}
