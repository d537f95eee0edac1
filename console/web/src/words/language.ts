import type { Catalogue } from "./catalogue";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The tag that Intl and the page's `lang` get. */
export const LOCALES: Record<Language, string> = { en: "en", zh: "zh-CN" };
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "中文" };

const KEPT = "whimbrel-language";

/** What was chosen here before, else the browser's, else English. */
export function firstLanguage(): Language {
  const wanted = [read(), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return LANGUAGES.find((language) => language === wanted.find((tag) => LANGUAGES.some((one) => one === tag))) ?? "en";
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** A language's texts, fetched when it is chosen: nobody loads two. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  const module = language === "zh" ? await import("./zh") : await import("./en");
  return module.default;
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
