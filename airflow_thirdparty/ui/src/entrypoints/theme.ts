/** A theme for the stand-alone page that looks like Airflow 3: a cool grey, a steel blue, quiet states. */

import { createSystem, defineConfig } from "@chakra-ui/react";
import { defaultBaseConfig } from "@chakra-ui/react/preset-base";
import {
  animationStyles,
  breakpoints,
  buttonRecipe,
  checkboxSlotRecipe,
  checkmarkRecipe,
  cssVarsPrefix,
  cssVarsRoot,
  dialogSlotRecipe,
  fieldSlotRecipe,
  globalCss,
  headingRecipe,
  inputRecipe,
  keyframes,
  layerStyles,
  linkRecipe,
  nativeSelectSlotRecipe,
  semanticTokens,
  skeletonRecipe,
  spinnerRecipe,
  tableSlotRecipe,
  tabsSlotRecipe,
  textareaRecipe,
  textStyles,
  tokens,
} from "@chakra-ui/react/theme";

type Shades = Record<string, { value: string }>;

const shades = (values: Record<number, string>): Shades =>
  Object.fromEntries(Object.entries(values).map(([shade, value]) => [shade, { value: `oklch(${value})` }]));

const palette = (name: string) => ({
  solid: { value: `{colors.${name}.600}` },
  contrast: { value: "white" },
  fg: { value: { _light: `{colors.${name}.800}`, _dark: `{colors.${name}.200}` } },
  muted: { value: { _light: `{colors.${name}.200}`, _dark: `{colors.${name}.800}` } },
  subtle: { value: { _light: `{colors.${name}.100}`, _dark: `{colors.${name}.900}` } },
  emphasized: { value: { _light: `{colors.${name}.300}`, _dark: `{colors.${name}.700}` } },
  focusRing: { value: { _light: `{colors.${name}.800}`, _dark: `{colors.${name}.200}` } },
});

const names = ["brand", "gray", "red", "amber", "green", "blue"] as const;

/** What these pages use of Chakra's own theme, which has three times as many parts. */
const used = defineConfig({
  preflight: true,
  cssVarsPrefix,
  cssVarsRoot,
  globalCss,
  theme: {
    breakpoints,
    keyframes,
    tokens,
    semanticTokens,
    textStyles,
    layerStyles,
    animationStyles,
    recipes: {
      button: buttonRecipe,
      checkmark: checkmarkRecipe,
      heading: headingRecipe,
      input: inputRecipe,
      link: linkRecipe,
      skeleton: skeletonRecipe,
      spinner: spinnerRecipe,
      textarea: textareaRecipe,
    },
    slotRecipes: {
      checkbox: checkboxSlotRecipe,
      dialog: dialogSlotRecipe,
      field: fieldSlotRecipe,
      nativeSelect: nativeSelectSlotRecipe,
      table: tableSlotRecipe,
      tabs: tabsSlotRecipe,
    },
  },
});

export const system = createSystem(
  defaultBaseConfig,
  used,
  defineConfig({
    theme: {
      tokens: {
        colors: {
          black: { value: "oklch(0.232 0.032 266)" },
          brand: shades({
            50: "0.98 0.006 249",
            100: "0.962 0.012 249",
            200: "0.923 0.023 255",
            300: "0.865 0.039 252",
            400: "0.705 0.066 256",
            500: "0.575 0.08 258",
            600: "0.469 0.084 258",
            700: "0.399 0.084 258",
            800: "0.324 0.072 260",
            900: "0.259 0.062 266",
            950: "0.179 0.05 265",
          }),
          gray: shades({
            50: "0.985 0.004 253",
            100: "0.955 0.006 253",
            200: "0.915 0.01 253",
            300: "0.85 0.016 253",
            400: "0.75 0.025 252",
            500: "0.63 0.042 252",
            600: "0.45 0.055 251",
            700: "0.35 0.045 251",
            800: "0.28 0.035 251",
            900: "0.18 0.03 251",
            950: "0.11 0.025 251",
          }),
          red: shades({
            100: "0.936 0.032 18",
            200: "0.885 0.062 18",
            300: "0.808 0.114 20",
            400: "0.704 0.191 22",
            500: "0.637 0.237 25",
            600: "0.577 0.245 27",
            700: "0.505 0.213 28",
            800: "0.444 0.177 27",
            900: "0.396 0.141 26",
          }),
          amber: shades({
            100: "0.962 0.059 96",
            200: "0.924 0.12 96",
            300: "0.879 0.169 92",
            400: "0.828 0.189 84",
            500: "0.769 0.188 70",
            600: "0.666 0.179 58",
            700: "0.555 0.163 49",
            800: "0.473 0.137 46",
            900: "0.414 0.112 46",
          }),
          green: shades({
            100: "0.962 0.044 157",
            200: "0.925 0.084 156",
            300: "0.75 0.18 153",
            400: "0.625 0.209 150",
            500: "0.528 0.219 150",
            600: "0.47 0.2 149",
            700: "0.4 0.16 150",
            800: "0.448 0.119 151",
            900: "0.393 0.095 153",
          }),
        },
      },
      semanticTokens: { colors: Object.fromEntries(names.map((name) => [name, palette(name)])) },
    },
  }),
);
