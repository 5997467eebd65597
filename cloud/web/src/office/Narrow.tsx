import type { ComponentChildren } from "preact";
import { text } from "./words";

/** The filters of a page; on a phone folded away until they are wanted. */
export function Narrow({ children }: { children: ComponentChildren }) {
  return (
    <details class="narrow-fold" open={innerWidth >= 900}>
      <summary>{text.value.narrow}</summary>
      <div class="narrow">{children}</div>
    </details>
  );
}
