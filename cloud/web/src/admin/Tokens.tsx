import { useRef, useState } from "preact/hooks";
import { makeToken, revokeToken, type Token, tokens } from "../api/admin";
import { useDoing, useLoaded } from "../office/asking";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { Secret } from "./Secret";
import { Sure } from "./Sure";
import { text } from "./words";

/** What programs come with that speak for a person. */
export function Tokens() {
  const found = useLoaded(tokens, []);
  const [given, setGiven] = useState("");
  return (
    <>
      <NewToken onDone={(token) => { setGiven(token); found.again(); }} />
      {given && <Secret about={text.value.tokenOnce} secret={given} />}
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value?.length === 0 && <p class="nothing">{text.value.none}</p>}
      {found.value && found.value.length > 0 && (
        <Frame label={text.value.parts.tokens}>
          <table class="sheet"><tbody>{found.value.map((one) => <Row key={one.id} token={one} onChange={found.again} />)}</tbody></table>
        </Frame>
      )}
    </>
  );
}

function Row({ token, onChange }: { token: Token; onChange: () => void }) {
  const { top, locale } = words.value;
  const doing = useDoing();
  const when = (at: string): string => formatWhen(at, locale, now.value);
  return (
    <tr>
      <th scope="row">{token.name} <small>{token.username ?? token.organisation}</small></th>
      <td>{token.roles.map((one) => top.roles[one]).join(" · ")} <small>{token.areas.join(" ")}</small></td>
      <td>{token.used_at ? text.value.used(when(token.used_at)) : text.value.neverUsed}</td>
      <td>{token.revoked_at ? <span class="bad">▲ {text.value.revoked}</span> : text.value.expires(when(token.expires_at))}</td>
      <td>
        {!token.revoked_at && (
          <Sure title={text.value.revoke} busy={doing.busy} onSure={() => void doing.run(() => revokeToken(token.id)).then(onChange)} />
        )}
        <Fault refused={doing.refused} />
      </td>
    </tr>
  );
}

function NewToken({ onDone }: { onDone: (token: string) => void }) {
  const form = useRef<HTMLFormElement>(null);
  const doing = useDoing();
  const { roles } = words.value.top;
  const every = Object.keys(roles) as (keyof typeof roles)[];

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!form.current) return;
    const fields = new FormData(form.current);
    const username = String(fields.get("username") ?? "").trim();
    const role = every.find((one) => one === fields.get("role")) ?? "auditor";
    await doing.run(async () => {
      const made = await makeToken({
        name: String(fields.get("name")), roles: [role], areas: [], days: Number(fields.get("days")), ...(username ? { username } : {}),
      });
      form.current?.reset();
      onDone(made.token);
    });
  }

  return (
    <form ref={form} class="form card" aria-label={text.value.newToken} onSubmit={(event) => void submit(event)}>
      <div class="narrow">
        <label><span>{text.value.tokenName}</span><input name="name" required maxLength={80} /></label>
        <label><span>{text.value.tokenFor}</span><input name="username" autocapitalize="none" spellcheck={false} /></label>
        <label><span>{text.value.roles}</span><select name="role">{every.map((one) => <option key={one} value={one}>{roles[one]}</option>)}</select></label>
        <label><span>{text.value.days}</span><input name="days" type="number" min={1} max={366} defaultValue="90" required /></label>
        <button type="submit" class="button primary" aria-disabled={doing.busy}>{text.value.newToken}</button>
      </div>
      <Fault refused={doing.refused} />
    </form>
  );
}
