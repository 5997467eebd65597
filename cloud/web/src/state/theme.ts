import { effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";

const KEY = "gridwatch.theme";

export const theme = signal<Theme>(localStorage.getItem(KEY) === "light" ? "light" : "dark");

effect(() => {
  localStorage.setItem(KEY, theme.value);
  document.documentElement.dataset["theme"] = theme.value;
});
