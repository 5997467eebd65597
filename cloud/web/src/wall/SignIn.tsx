import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Refused } from "../api/calls";
import { sessionEnded, signIn } from "../state/session";
import { words } from "../words";
import { Preferences } from "./Preferences";

export function SignIn() {
  const form = useRef<HTMLFormElement>(null);
  const working = useSignal(false);
  const fault = useSignal<"bad" | "tooMany" | "failed" | null>(null);
  const text = words.value.signIn;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!form.current || working.value) return;
    const fields = new FormData(form.current);
    working.value = true;
    fault.value = null;
    try {
      await signIn(String(fields.get("username")), String(fields.get("password")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fault.value = error.status === 401 ? "bad" : error.status === 429 ? "tooMany" : "failed";
      form.current.querySelector<HTMLInputElement>("input[name=password]")?.focus();
    } finally {
      working.value = false;
    }
  }

  const message = fault.value ? text[fault.value] : sessionEnded.value ? text.ended : "";
  return (
    <main class="sign-in">
      <div class="sign-in-street" aria-hidden="true" />
      <form ref={form} onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <p class="brand">{words.value.product}</p>
        <h1 id="sign-in-title">{text.title}</h1>
        <label>
          <span>{text.user}</span>
          <input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          <span>{text.password}</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="fault" role="alert">{message}</p>
        <button type="submit" class="button primary" disabled={working.value}>
          {working.value ? text.working : text.submit}
        </button>
        <Preferences />
      </form>
    </main>
  );
}
