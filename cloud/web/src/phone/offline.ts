/** The worker that opens this page without network, and what works without it. */
import { signal } from "@preact/signals";

export type Offline = "ready" | "preparing" | "insecure" | "missing" | "failed";

/** Whether the page opens without network. */
export const offline = signal<Offline>("preparing");

export async function prepare(): Promise<void> {
  if (!isSecureContext) offline.value = "insecure";
  else if (!("serviceWorker" in navigator)) offline.value = "missing";
  else {
    try {
      await navigator.serviceWorker.register("/phone-worker.js", { scope: "/phone" });
      await navigator.serviceWorker.ready;
      offline.value = "ready";
    } catch (error) {
      // Private windows and some apps' own browsers refuse it in various ways.
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      offline.value = "failed";
    }
  }
}
