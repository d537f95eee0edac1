import { createContext, Fragment, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { Catalogue, WordKey } from "./catalogue";
import { type Formats, formatsOf } from "./format";
import { firstLanguage, keepLanguage, type Language, LOCALES, loadCatalogue } from "./language";
import { pieces, translate, type Values } from "./translate";

export interface Words {
  language: Language;
  locale: string;
  /** Changes the language of the whole console, and keeps it in this browser. */
  choose: (language: Language) => void;
  t: (key: WordKey, values?: Values) => string;
  /** As `t`, with elements in the places of some `{names}`: `rich("a.b", { link: <Anchor/> }, { count: 3 })`. */
  rich: (key: WordKey, nodes: Readonly<Record<string, ReactNode>>, values?: Values) => ReactNode;
  /** The text of a key that is put together at run time; `fallback` when there is none. */
  maybe: (key: string, fallback: string) => string;
  format: Formats;
}

const WordsContext = createContext<Words | null>(null);

/** The texts and formats of the language that is chosen. */
export function useWords(): Words {
  const words = useContext(WordsContext);
  if (words === null) throw new Error("useWords outside of WordsProvider");
  return words;
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [loaded, setLoaded] = useState<{ language: Language; catalogue: Catalogue } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void loadCatalogue(language).then((catalogue) => {
      if (!isCurrent) return;
      document.documentElement.lang = LOCALES[language];
      setLoaded({ language, catalogue });
    });
    return () => {
      isCurrent = false;
    };
  }, [language]);
  const words = useMemo(
    () => (loaded === null ? null : wordsOf(loaded.language, loaded.catalogue, setLanguage)),
    [loaded],
  );
  if (words === null) return null;
  return <WordsContext.Provider value={words}>{children}</WordsContext.Provider>;
}

function wordsOf(language: Language, catalogue: Catalogue, setLanguage: (language: Language) => void): Words {
  const locale = LOCALES[language];
  return {
    language,
    locale,
    choose: (chosen) => {
      keepLanguage(chosen);
      setLanguage(chosen);
    },
    t: (key, values) => translate(catalogue, locale, key, values),
    rich: (key, nodes, values) =>
      pieces(catalogue, locale, key, values).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name, and never move
        <Fragment key={index}>{typeof piece === "string" ? piece : (nodes[piece.name] ?? piece.written)}</Fragment>
      )),
    maybe: (key, fallback) => catalogue[key] ?? fallback,
    format: formatsOf(locale),
  };
}
