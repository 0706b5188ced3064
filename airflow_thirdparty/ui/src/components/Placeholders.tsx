/** What stands in for content: while it loads, when it fails, when there is none. */

import { Box, Flex, Heading, Link, Skeleton, Stack, Text, VisuallyHidden } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { airflow, Failure, pageUrl } from "../api/client";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { ServiceIcon } from "./icons";
import { Rich } from "./Rich";
import { LINE, Surface } from "./Surface";
import { t } from "../words/words";

const still = { "@media (prefers-reduced-motion: reduce)": { animation: "none" } };

export const Loading = ({ rows = 2 }: { rows?: number }) => (
  <Surface aria-busy="true">
    <VisuallyHidden role="status">{t("page.loading")}</VisuallyHidden>
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
            <a href={airflow(`api/v2/auth/login?next=${next}`)}>{t("button.log_in")}</a>
          </Button>
        ) : (
          <Button onClick={onRetry}>{t("button.try_again")}</Button>
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
  <Empty title={t("not_offered.title")}>
    <Text>
      {t("not_offered.hint")}
    </Text>
    <Button asChild>
      <Link href={pageUrl()} textDecoration="none">
        {t("page.your_accounts")}
      </Link>
    </Button>
  </Empty>
);

export const NoAccounts = ({ admin }: { admin: boolean }) =>
  admin ? (
    <Empty title={t("none.admin.title")}>
      <Text>{t("none.admin.hint")}</Text>
      <Box as="ol" textAlign="start" listStylePosition="inside" css={{ listStyleType: "decimal", "& > li + li": { marginTop: "0.4rem" } }}>
        <li>
          <Rich text="none.admin.step_1" values={{ place: <b>{t("none.admin.step_1.place")}</b> }} />
        </li>
        <li>
          <Rich text="none.admin.step_2" values={{ type: <b>{t("none.type")}</b> }} />
        </li>
        <li>{t("none.admin.step_3")}</li>
      </Box>
      <Button asChild tone="main">
        <Link href={airflow("connections")} textDecoration="none">
          {t("none.admin.open")}
        </Link>
      </Button>
    </Empty>
  ) : (
    <Empty title={t("none.user.title")}>
      <Text>
        <Rich text="none.user.hint" values={{ type: <b>{t("none.type")}</b> }} />
      </Text>
    </Empty>
  );
