/** Entry of the page at `/third-party-accounts/`, which works without Airflow's own pages. */

import { Box, chakra, ChakraProvider, Flex, Link } from "@chakra-ui/react";
import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { airflow, locate } from "../api/client";
import { AccountsPage } from "../pages/AccountsPage";
import { followDocument } from "../words/useLanguage";
import { system } from "./theme";

const script = document.querySelector<HTMLScriptElement>("script[nonce]");
locate(script?.src ?? null);

const nonce = script?.nonce;
const cache = createCache({ key: "tpa", ...(nonce ? { nonce } : {}) });

const Page = () => (
  <Box minH="100dvh" bg="bg">
    <Flex as="header" bg="brand.muted" px={{ base: 3, md: 5 }} h={12} align="center">
      <Link href={airflow()} color="fg" fontSize="sm" fontWeight="medium">
        <chakra.span aria-hidden="true" display="inline-block" css={{ "[dir=rtl] &": { transform: "scaleX(-1)" } }}>
          ←
        </chakra.span>{" "}
        Airflow
      </Link>
    </Flex>
    <main>
      <AccountsPage />
    </main>
  </Box>
);

const root = document.getElementById("root");
if (root) {
  // In the right language from the first paint on, so that nothing moves.
  void followDocument().then(() => {
    createRoot(root).render(
      <StrictMode>
        <CacheProvider value={cache}>
          <ChakraProvider value={system}>
            <Page />
          </ChakraProvider>
        </CacheProvider>
      </StrictMode>,
    );
  });
}
