import { faultSaid } from "./faulty";
import { answered, faults } from "./state";

/** What the cloud says is wrong at a field, once it has seen what stands there. `at` as in the request: `zones/0/name`. */
export function Fault({ at }: { at: string }) {
  const detail = faultAt(at);
  return detail ? <span id={faultId(at)} class="fault">{faultSaid(detail)}</span> : null;
}

/** For the field itself: that it is wrong, and where that is said. */
export function invalid(at: string): { "aria-invalid"?: true; "aria-describedby"?: string } {
  return faultAt(at) ? { "aria-invalid": true, "aria-describedby": faultId(at) } : {};
}

function faultAt(at: string): string | undefined {
  return answered.value ? faults.value.get(at) : undefined;
}

function faultId(at: string): string {
  return `fault-${at.replaceAll("/", "-")}`;
}
