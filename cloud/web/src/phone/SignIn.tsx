import { useSignal } from "@preact/signals";
import { Refused } from "../api/calls";
import { signIn } from "./me";
import { others } from "./sender";
import { text } from "./words";

export function SignIn() {
  const working = useSignal(false);
  const fault = useSignal<"bad" | "tooMany" | "failed" | null>(null);
  const words = text.value.signIn;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (working.value) return;
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    working.value = true;
    fault.value = null;
    try {
      await signIn(String(fields.get("username")).trim(), String(fields.get("password")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fault.value = error.status === 401 ? "bad" : error.status === 429 ? "tooMany" : "failed";
    } finally {
      working.value = false;
    }
  }

  return (
    <main class="phone-sign-in">
      <p class="brand">{text.value.product} · {text.value.title}</p>
      <form onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <h1 id="sign-in-title" tabIndex={-1}>{words.title}</h1>
        {others.value > 0 && <p class="note">{words.waits(others.value)}</p>}
        <label class="field">
          <span>{words.user}</span>
          <input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label class="field">
          <span>{words.password}</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="fault" role="alert">{fault.value && words[fault.value]}</p>
        <button type="submit" class="button primary big" disabled={working.value}>{working.value ? words.working : words.submit}</button>
      </form>
    </main>
  );
}
