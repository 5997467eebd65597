import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "../look/office.css";
import type { Refused } from "../api/calls";
import { told } from "./asking";
import { text } from "./words";

/** A page of the office: its heading takes the focus when it opens. */
export function Sheet({ name, title, tools, children }: {
  name: string;
  title: string;
  tools?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class={`office ${name}`} aria-labelledby={`${name}-title`}>
      <div class="office-head">
        <h2 id={`${name}-title`} ref={heading} tabIndex={-1}>{title}</h2>
        <div class="office-tools">{tools}</div>
      </div>
      {children}
    </main>
  );
}

/** Why something was refused, read out at once. */
export function Fault({ refused, again }: { refused: Refused | null; again?: () => void }) {
  if (!refused) return null;
  return (
    <p class="fault office-fault" role="alert">
      {told(refused)}{" "}
      {again && <button type="button" class="button" onClick={again}>{text.value.again}</button>}
    </p>
  );
}

export interface Tab {
  name: string;
  title: string;
}

/** Parts of one page; each has its own address. */
export function Tabs({ tabs, shown, label, onPick }: {
  tabs: readonly Tab[];
  shown: string;
  label: string;
  onPick: (name: string) => void;
}) {
  return (
    <div class="tabs" role="group" aria-label={label}>
      {tabs.map(({ name, title }) => (
        <button key={name} type="button" class="button" aria-pressed={shown === name} onClick={() => onPick(name)}>
          {title}
        </button>
      ))}
    </div>
  );
}

/** A table that scrolls by itself where it is wider than the page. */
export function Frame({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="frame" role="region" aria-label={label} tabIndex={0}>{children}</div>;
}
