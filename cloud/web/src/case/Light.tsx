import { text } from "./words";

const SHAPES: Readonly<Record<string, string>> = { green: "●", yellow: "▲", red: "■" };

/** A light: shape, colour and word. */
export function Light({ light }: { light: string }) {
  return (
    <span class={`lamp lamp-${light}`}>
      <span aria-hidden="true">{SHAPES[light]}</span> {text.value.lights[light]}
    </span>
  );
}
