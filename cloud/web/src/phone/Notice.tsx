import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api/calls";
import { followLink } from "../api/phone";
import { go } from "../state/route";
import { text } from "./words";

/** Out of a message straight to its task; the link itself lets nobody in. */
export function Notice({ token }: { token: string }) {
  const fault = useSignal<"gone" | "unseen" | null>(null);
  useEffect(() => {
    followLink(token).then(
      ({ incident_id: id }) => (id ? go("task", id) : go("incidents")),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        fault.value = error.status === 0 ? "unseen" : "gone";
      },
    );
  }, [token]);
  return <p class="nothing" role="status">{text.value.task[fault.value ?? "loading"]}</p>;
}
