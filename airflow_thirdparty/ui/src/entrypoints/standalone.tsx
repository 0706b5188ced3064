/** Entry of the page at `/third-party-accounts/`, which works without Airflow's own pages. */

import { Box, ChakraProvider, Flex, Link } from "@chakra-ui/react";
import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { airflow, locate } from "../api/client";
import { AccountsPage } from "../pages/AccountsPage";
import { system } from "./theme";

const script = document.currentScript as HTMLScriptElement | null;
locate(script?.src ?? null);

const nonce = script?.nonce;
const cache = createCache({ key: "tpa", ...(nonce ? { nonce } : {}) });

const Page = () => (
  <Box minH="100dvh" bg="bg">
    <Flex as="header" bg="brand.muted" px={{ base: 3, md: 5 }} h={12} align="center">
      <Link href={airflow()} color="fg" fontSize="sm" fontWeight="medium">
        <span aria-hidden="true">←</span> Airflow
      </Link>
    </Flex>
    <main>
      <AccountsPage />
    </main>
  </Box>
);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <CacheProvider value={cache}>
        <ChakraProvider value={system}>
          <Page />
        </ChakraProvider>
      </CacheProvider>
    </StrictMode>,
  );
}
