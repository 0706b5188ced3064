/** What stands in for content: while it loads, when it fails, when there is none. */

import { Box, Flex, Heading, Link, Skeleton, Stack, Text, VisuallyHidden } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { airflow, Failure, pageUrl } from "../api/client";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { ServiceIcon } from "./icons";
import { LINE, Surface } from "./Surface";

const still = { "@media (prefers-reduced-motion: reduce)": { animation: "none" } };

export const Loading = ({ rows = 2 }: { rows?: number }) => (
  <Surface aria-busy="true">
    <VisuallyHidden role="status">Loading your accounts</VisuallyHidden>
    {Array.from({ length: rows }, (_, row) => (
      <Flex key={row} gap={4} p={5} {...(row > 0 ? { borderTopWidth: "1px", ...LINE } : {})}>
        <Skeleton boxSize={11} borderRadius="lg" css={still} />
        <Stack flex="1" gap={3} pt={1}>
          <Skeleton h={4} w="40%" maxW="14rem" css={still} />
          <Skeleton h={3} w="75%" maxW="28rem" css={still} />
        </Stack>
      </Flex>
    ))}
  </Surface>
);

interface FailedProps {
  error: Error;
  onRetry: () => void;
}

export const Failed = ({ error, onRetry }: FailedProps) => {
  const loggedOut = error instanceof Failure && error.status === 401;
  const next = encodeURIComponent(window.location.href);
  return (
    <ProblemCallout
      problem={problemFrom(error)}
      actions={
        loggedOut ? (
          <Button asChild tone="main">
            <a href={airflow(`api/v2/auth/login?next=${next}`)}>Log in</a>
          </Button>
        ) : (
          <Button onClick={onRetry}>Try again</Button>
        )
      }
    />
  );
};

interface EmptyProps {
  title: string;
  children: ReactNode;
}

export const Empty = ({ title, children }: EmptyProps) => (
  <Surface display="flex" flexDirection="column" alignItems="center" textAlign="center" gap={3} px={5} py={12}>
    <Flex align="center" justify="center" boxSize={14} borderRadius="full" bg="bg.muted" color="fg.muted" _dark={{ bg: "gray.800" }}>
      <ServiceIcon icon="generic" />
    </Flex>
    <Heading as="h2" fontSize="lg" fontWeight="semibold">
      {title}
    </Heading>
    <Stack gap={4} maxW="34rem" color="fg.muted" fontSize="sm" align="center">
      {children}
    </Stack>
  </Surface>
);

export const NotOffered = () => (
  <Empty title="Not available here">
    <Text>
      The API server does not offer this view. You find your own sign-ins on the page Third-Party Accounts.
    </Text>
    <Button asChild>
      <Link href={pageUrl()} textDecoration="none">
        Your accounts
      </Link>
    </Button>
  </Empty>
);

const STEPS = [
  <>
    Open <b>Admin → Connections</b> and add a connection.
  </>,
  <>
    Choose the type <b>Third-Party Account</b> and the service.
  </>,
  <>Register the redirect URI at the service, then paste its client id and secret.</>,
];

export const NoAccounts = ({ admin }: { admin: boolean }) =>
  admin ? (
    <Empty title="Offer the first account">
      <Text>
        An account is a service that people sign in to as themselves, so that their tasks act as them.
      </Text>
      <Box as="ol" textAlign="start" listStylePosition="inside" css={{ listStyleType: "decimal", "& > li + li": { marginTop: "0.4rem" } }}>
        {STEPS.map((step, index) => (
          <li key={index}>{step}</li>
        ))}
      </Box>
      <Button asChild tone="main">
        <Link href={airflow("connections")} textDecoration="none">
          Open Connections
        </Link>
      </Button>
    </Empty>
  ) : (
    <Empty title="No accounts yet">
      <Text>
        Once there is one, you sign in here, and tasks of the runs you trigger act as you in that service. Ask
        an Airflow admin to add a connection of type <b>Third-Party Account</b>.
      </Text>
    </Empty>
  );
