import { theme } from "../state/theme";
import { language, words } from "../words";

/** Language and light: both at once, both remembered. */
export function Preferences() {
  const text = words.value.top;
  const other = language.value === "zh" ? "en" : "zh";
  return (
    <div class="preferences">
      <button
        type="button"
        class="quiet"
        lang={other === "zh" ? "zh-CN" : "en"}
        title={text.languageHint}
        onClick={() => (language.value = other)}
      >
        {text.language}
      </button>
      <button
        type="button"
        class="quiet"
        title={text.theme}
        onClick={() => (theme.value = theme.value === "dark" ? "light" : "dark")}
      >
        {theme.value === "dark" ? text.light : text.dark}
      </button>
    </div>
  );
}
