import { useSignal } from "@preact/signals";
import { newRuleId, type Rule, type Zone } from "./draft";
import { Fault, invalid } from "./Fault";
import { fieldsOf } from "./fields";
import { RuleField } from "./RuleField";
import { classes, forms } from "./state";
import { text } from "./words";

/** The rules of a zone. What each asks for is read off the site's schema. */
export function Rules({ zone, at, put }: { zone: Zone; at: number; put: (rules: readonly Rule[]) => void }) {
  const { rules: t } = text.value;
  const adding = useSignal("");
  const rules = zone.rules ?? [];
  const kinds = Object.keys(forms.value?.rules ?? {});

  function add(kind: string): void {
    if (!kind) return;
    put([...rules, freshRule(kind, rules)]);
    adding.value = "";
  }

  return (
    <section class="rules" aria-label={t.title}>
      {rules.map((rule, n) => (
        <RuleForm
          key={n}
          rule={rule}
          path={`zones/${at}/rules/${n}`}
          put={(changed) => put(rules.map((one, m) => (m === n ? changed : one)))}
          remove={() => put(rules.filter((_, m) => m !== n))}
        />
      ))}
      <label class="asked">
        <span>{t.add}</span>
        <select value={adding.value} onChange={(event) => add(event.currentTarget.value)}>
          <option value="">{t.pick}</option>
          {kinds.map((kind) => <option key={kind} value={kind}>{t.kinds[kind] ?? kind}</option>)}
        </select>
      </label>
    </section>
  );
}

/** A rule of the kind with what it must have; the rest is what it usually is. */
function freshRule(kind: string, rules: readonly Rule[]): Rule {
  const usual: Record<string, unknown> = { labels: kind === "parked" ? ["bikes"] : undefined, count: kind === "crowd" ? 10 : undefined, dwell: "5 min" };
  const fields = fieldsOf(forms.value?.rules[kind] ?? {}).filter((one) => one.required && one.name !== "event_class");
  return {
    kind,
    id: newRuleId(kind, rules),
    event_class: classes.value[0]?.code ?? "",
    ...Object.fromEntries(fields.map((one) => [one.name, usual[one.name]])),
  };
}

function RuleForm({ rule, path, put, remove }: {
  rule: Rule;
  path: string;
  put: (rule: Rule) => void;
  remove: () => void;
}) {
  const { rules: t } = text.value;
  const schema = forms.value?.rules[rule.kind];
  return (
    <fieldset class="rule">
      <legend>{t.kinds[rule.kind] ?? rule.kind}</legend>
      <Fault at={path} />
      <label class="asked">
        <span>{text.value.zones.id}</span>
        <input value={rule.id} {...invalid(`${path}/id`)} onInput={(event) => put({ ...rule, id: event.currentTarget.value.trim() })} />
        <Fault at={`${path}/id`} />
      </label>
      {schema && fieldsOf(schema).map((one) => (
        <RuleField key={one.name} one={one} value={rule[one.name]} path={`${path}/${one.name}`} put={(value) => put(withField(rule, one.name, value))} />
      ))}
      <button type="button" class="button aside" onClick={remove}>{t.remove}</button>
    </fieldset>
  );
}

/** With a field more, or, without a value, less. */
function withField(rule: Rule, name: string, value: unknown): Rule {
  const { [name]: _, ...rest } = rule;
  return (value === undefined ? rest : { ...rule, [name]: value }) as Rule;
}
