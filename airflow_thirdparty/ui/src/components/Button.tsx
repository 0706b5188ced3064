import { Button as ChakraButton, type ButtonProps } from "@chakra-ui/react";
import type { ComponentProps } from "react";

type Tone = "main" | "plain" | "quiet" | "danger";

const LOOKS: Record<Tone, ButtonProps> = {
  main: { variant: "solid", colorPalette: "brand" },
  plain: { variant: "outline", colorPalette: "brand", _dark: { borderColor: "gray.600" } },
  quiet: { variant: "ghost", colorPalette: "gray", _dark: { _hover: { bg: "gray.800" }, _expanded: { bg: "gray.800" } } },
  danger: { variant: "solid", colorPalette: "red" },
};

/** A button in one of the few looks we use. */
export const Button = ({ tone = "plain", ...rest }: ComponentProps<typeof ChakraButton> & { tone?: Tone }) => (
  <ChakraButton type="button" size="sm" {...LOOKS[tone]} {...rest} />
);
