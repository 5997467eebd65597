import type { Figure } from "../api/reports";
import { text } from "./words";

const GRADES = ["A", "B", "C", "D", "E"] as const;

/** The band of a score, by letter, word and colour. */
export function Grade({ figure }: { figure: Pick<Figure, "grade"> }) {
  const grade = GRADES.find((one) => one === figure.grade);
  if (!grade) return <small class="ungraded">—</small>;
  return (
    <span class={`grade grade-${grade}`}>
      <b>{grade}</b> <small>{text.value.grades[grade]}</small>
    </span>
  );
}
