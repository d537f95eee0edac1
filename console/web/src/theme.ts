import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Tidal water: what can be pressed. */
const estuary: MantineColorsTuple = [
  "#eaf4f7",
  "#d5e8ee",
  "#acd1de",
  "#80b9cb",
  "#5ba4bb",
  "#3f91ab",
  "#28778f",
  "#1d657c",
  "#164f62",
  "#0e3947",
];
/** Dry sand: accents, and what waits. */
const sand: MantineColorsTuple = [
  "#fdf7e9",
  "#f8ecd0",
  "#f0d9a2",
  "#e7c471",
  "#dfb34a",
  "#d3a030",
  "#a87a18",
  "#855f0f",
  "#654809",
  "#463104",
];
/** Salt marsh: what went well. */
const marsh: MantineColorsTuple = [
  "#edf6ee",
  "#d9ebdb",
  "#b1d6b5",
  "#86bf8d",
  "#61ab6a",
  "#449a50",
  "#2f7f3d",
  "#23692f",
  "#1a5124",
  "#103b18",
];
/** Brick clay: what failed. */
const clay: MantineColorsTuple = [
  "#fcefec",
  "#f7dcd6",
  "#eeb6aa",
  "#e58d7b",
  "#dd6a53",
  "#d15038",
  "#b93b25",
  "#9a2e1a",
  "#7a2212",
  "#5a170b",
];
/** Warm greys, so that the page is paper and not steel. */
const gray: MantineColorsTuple = [
  "#faf8f4",
  "#f4f0e9",
  "#e9e3d9",
  "#dad2c5",
  "#c4baab",
  "#a1978a",
  "#6b6359",
  "#524b43",
  "#393430",
  "#24211d",
];
/** Night over the mud flats: the dark scheme's surfaces, from its text to its depths. */
const dark: MantineColorsTuple = [
  "#e6e3dd",
  "#ccc8c1",
  "#aea9a1",
  "#7f7c77",
  "#485154",
  "#384043",
  "#272e31",
  "#1b2123",
  "#151a1c",
  "#0f1314",
];

/** The head of a dialog is a `<header>`, which outside of `main` would be a second banner of the page. */
const withoutBanner = { attributes: { header: { role: "presentation" } }, styles: { title: { fontWeight: 650 } } };

export const theme = createTheme({
  // Mantine names some colours itself: red for what is wrong in a form, blue and green here and there.
  colors: { estuary, sand, marsh, clay, gray, dark, red: clay, green: marsh, yellow: sand, blue: estuary },
  primaryColor: "estuary",
  primaryShade: { light: 7, dark: 6 },
  black: "#24211d",
  autoContrast: true,
  defaultRadius: "md",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: "650" },
  respectReducedMotion: true,
  cursorType: "pointer",
  focusRing: "auto",
  components: { Modal: { defaultProps: withoutBanner }, Drawer: { defaultProps: withoutBanner } },
});

const TINTED = ["estuary", "sand", "marsh", "clay"];

/** Mantine's own tints of a dark scheme are nearly black: a badge would be told from another by its icon alone. */
export const variables: CSSVariablesResolver = () => {
  const dark: Record<string, string> = {
    "--mantine-color-error": "var(--mantine-color-clay-4)",
    ...tint("gray", "var(--mantine-color-dark-2)", "var(--mantine-color-gray-3)", 20),
  };
  for (const name of [...TINTED, "red", "green", "yellow", "blue"]) {
    Object.assign(dark, tint(name, `var(--mantine-color-${name}-6)`, `var(--mantine-color-${name}-2)`, 32));
  }
  return { variables: {}, light: {}, dark };
};

function tint(name: string, ground: string, text: string, percent: number): Record<string, string> {
  const mixed = (share: number) => `color-mix(in srgb, ${ground} ${share}%, transparent)`;
  return {
    [`--mantine-color-${name}-light`]: mixed(percent),
    [`--mantine-color-${name}-light-hover`]: mixed(percent + 10),
    [`--mantine-color-${name}-light-color`]: text,
  };
}
