import { Box, Heading, Stack, Text } from "@chakra-ui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { queryClient } from "../api/queries";
import { LiveRegion } from "./LiveRegion";

interface Props {
  title: string;
  subtitle: ReactNode;
  children: ReactNode;
}

/** What every view of ours has around it. */
export const Frame = ({ title, subtitle, children }: Props) => (
  <QueryClientProvider client={queryClient}>
    <Box w="full" maxW="62rem" mx="auto" px={{ base: 3, md: 5 }} py={{ base: 4, md: 6 }} color="fg">
      <Stack gap={5}>
        <Box>
          <Heading as="h2" fontSize="2xl" lineHeight="2rem" fontWeight="semibold">
            {title}
          </Heading>
          <Text color="fg.muted" mt={1}>
            {subtitle}
          </Text>
        </Box>
        {children}
      </Stack>
      <LiveRegion />
    </Box>
  </QueryClientProvider>
);
