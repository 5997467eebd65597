import { effect, signal } from "@preact/signals";

/** For the sun, unless somebody says otherwise. */
export const theme = signal<"light" | "dark">(localStorage.getItem("gridwatch.phone.theme") === "dark" ? "dark" : "light");

effect(() => {
  localStorage.setItem("gridwatch.phone.theme", theme.value);
  document.documentElement.dataset["theme"] = theme.value;
});
