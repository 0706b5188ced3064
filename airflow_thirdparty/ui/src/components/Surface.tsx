import { Box, type BoxProps } from "@chakra-ui/react";

/** Airflow's own border is hard to see on its dark background. */
export const LINE = { borderColor: "border", _dark: { borderColor: "gray.700" } } as const;

/** The frame that everything of ours stands in. */
export const Surface = ({ boxRef, ...props }: BoxProps & { boxRef?: React.Ref<HTMLDivElement> }) => (
  <Box borderWidth="1px" borderRadius="lg" bg="bg" {...LINE} {...(boxRef ? { ref: boxRef } : {})} {...props} />
);
