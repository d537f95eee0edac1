import { useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useMemo } from "react";

const SHADE = { light: 6, dark: 4 } as const;
const FILL = { light: "99", dark: "80" } as const; // the last two digits of #rrggbbaa

/** The theme's colours as a canvas needs them. */
export interface ChartLook {
  text: string;
  line: string;
  font: string;
  colorOf: (palette: string) => string;
  fillOf: (palette: string) => string;
}

export function useChartLook(): ChartLook {
  const theme = useMantineTheme();
  const scheme = useComputedColorScheme("light");
  return useMemo(() => {
    const shade = (palette: string, at: number): string => theme.colors[palette]?.[at] ?? theme.black;
    const colorOf = (palette: string) => shade(palette, SHADE[scheme]);
    return {
      text: scheme === "dark" ? shade("dark", 2) : shade("gray", 6),
      line: scheme === "dark" ? shade("dark", 5) : shade("gray", 2),
      font: `12px ${theme.fontFamily}`,
      colorOf,
      fillOf: (palette) => `${colorOf(palette)}${FILL[scheme]}`,
    };
  }, [theme, scheme]);
}
