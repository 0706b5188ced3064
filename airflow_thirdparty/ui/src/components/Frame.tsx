import { Box, Heading, LocaleProvider, Stack, Text, VisuallyHidden } from "@chakra-ui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { Component, type ReactNode } from "react";

import { queryClient } from "../api/queries";
import { language } from "../words/words";
import { LiveRegion } from "./LiveRegion";
import { Failed } from "./Placeholders";

interface Props {
  title: string;
  subtitle: ReactNode;
  /** In a tab of Airflow's, whose label is title enough to see. */
  embedded?: boolean;
  children: ReactNode;
}

const Title = ({ title, subtitle }: { title: string; subtitle: ReactNode }) => (
  <Box>
    <Heading as="h1" fontSize="2xl" lineHeight="2rem" fontWeight="semibold">
      {title}
    </Heading>
    <Text color="fg.muted" mt={1}>
      {subtitle}
    </Text>
  </Box>
);

const TabTitle = ({ title, subtitle }: { title: string; subtitle: ReactNode }) => (
  <Box>
    <VisuallyHidden>
      <h2>{title}</h2>
    </VisuallyHidden>
    <Text color="fg.muted" fontSize="sm">
      {subtitle}
    </Text>
  </Box>
);

/** In the place of a view that cannot be shown, such as one that a newer server has no more: words, and a way on. */
class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error === null ? this.props.children : <Failed error={error} onRetry={() => window.location.reload()} />;
  }
}

/** What every view of ours has around it. */
export const Frame = ({ title, subtitle, embedded = false, children }: Props) => (
  <QueryClientProvider client={queryClient}>
    <Box
      // Texts for screen readers are placed absolutely: without this they stretch Airflow's page.
      position="relative"
      data-part="third-party-accounts"
      w="full"
      maxW="62rem"
      color="fg"
      // What the server says is in English: each sentence runs in its own direction, at the page's side.
      css={{ "[dir=rtl] & :is(p, h1, h2, h3, td, dd)": { unicodeBidi: "plaintext", textAlign: "right" } }}
      {...(embedded ? { px: 2, py: 4 } : { mx: "auto", px: { base: 3, md: 5 }, py: { base: 4, md: 6 } })}
    >
      <Stack gap={embedded ? 4 : 5}>
        {embedded ? <TabTitle title={title} subtitle={subtitle} /> : <Title title={title} subtitle={subtitle} />}
        {/* Tabs and dialogs run from left to right unless they are told. */}
        <LocaleProvider locale={language()}>
          <Boundary>{children}</Boundary>
        </LocaleProvider>
      </Stack>
      <LiveRegion />
    </Box>
  </QueryClientProvider>
);
