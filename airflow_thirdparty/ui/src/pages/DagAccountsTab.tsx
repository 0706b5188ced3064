import { Box, chakra, Flex, Heading, HStack, Stack, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { Failure, NOT_OFFERED } from "../api/client";
import { dagQuery, delegationsQuery, refetchAll } from "../api/queries";
import type { DagAccount, DagAccounts, DelegationList } from "../api/types";
import { AccountCard, Cards } from "../components/AccountCard";
import { Callout, WarningWithWhy } from "../components/Callout";
import { DelegationControls } from "../components/DelegationControls";
import { Frame } from "../components/Frame";
import { Icon, STATUS_SHAPES } from "../components/icons";
import { Empty, Failed, Loading, NotOffered } from "../components/Placeholders";
import { readiness } from "../messages/dag";
import { warned } from "../messages/problems";
import { Rich } from "../components/Rich";
import { listen } from "../signin/signInEvents";
import "../words/tabs";
import { useLanguage } from "../words/useLanguage";
import { t } from "../words/words";

const FoundIn = ({ tasks }: { tasks: readonly string[] }) =>
  tasks.length === 0 ? null : (
    <Flex gap={2} fontSize="sm" flexWrap="wrap" align="baseline">
      <Text color="fg.muted">{t("dag.used_by")}</Text>
      {tasks.map((task) => (
        <chakra.span key={task} fontFamily="mono" fontSize="xs" overflowWrap="anywhere">
          {task}
        </chakra.span>
      ))}
    </Flex>
  );

interface EntryProps {
  dagId: string;
  dag: DagAccounts;
  entry: DagAccount;
  list: DelegationList | undefined;
}

const Entry = ({ dagId, dag, entry, list }: EntryProps) => (
  <AccountCard account={entry.account}>
    {list || entry.found_in.length > 0 ? (
      <Stack gap={4} css={{ "&:empty": { display: "none" } }}>
        <FoundIn tasks={entry.found_in} />
        {list ? <DelegationControls dagId={dagId} account={entry.account} list={list} starters={dag} /> : null}
      </Stack>
    ) : null}
  </AccountCard>
);

/** A name that leads nowhere: what it says, and that tasks which ask for it fail. */
const Missing = ({ connId }: { connId: string }) => (
  <Box as="li" listStyleType="none" data-missing={connId} px={{ base: 4, md: 5 }} py={5}>
    <Stack gap={2} colorPalette="red">
      <Heading as="h3" fontSize="md" lineHeight="1.5rem" fontWeight="semibold" overflowWrap="anywhere">
        {connId}
      </Heading>
      <HStack gap={2} color="colorPalette.700" _dark={{ color: "colorPalette.300" }} fontSize="sm" fontWeight="medium">
        <Icon>{STATUS_SHAPES.lapsed}</Icon>
        <Text>{t("dag.missing")}</Text>
      </HStack>
      <Text fontSize="sm" color="fg.muted">
        {t("dag.missing.hint")}
      </Text>
    </Stack>
  </Box>
);

/** How many of the accounts would let a run of the caller's go ahead. */
const Readiness = ({ dag }: { dag: DagAccounts }) => {
  const { ready, text } = readiness(dag);
  return (
    <HStack
      gap={2}
      colorPalette={ready ? "green" : "red"}
      color="colorPalette.700"
      _dark={{ color: "colorPalette.300" }}
      css={{ "--icon-ink": "var(--chakra-colors-bg)" }}
      data-testid="readiness"
    >
      <Icon>{ready ? STATUS_SHAPES.signed_in : STATUS_SHAPES.sign_in_needed}</Icon>
      <Text fontWeight="semibold">{text}</Text>
    </HStack>
  );
};

const None = () => (
  <Empty title={t("dag.none.title")}>
    <Text>
      <Rich text="dag.none.hint" values={{ hook: <code>ThirdPartyAccountHook</code> }} />
    </Text>
  </Empty>
);

const Content = ({ dagId }: { dagId: string }) => {
  const { data, error, refetch } = useQuery(dagQuery(dagId));
  const delegations = useQuery(delegationsQuery(dagId));
  useEffect(() => listen(() => void refetchAll()), []);
  if (data === undefined) {
    if (error instanceof Failure && error.problem.code === NOT_OFFERED) {
      return <NotOffered />;
    }
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading rows={1} />;
  }
  return (
    <>
      {data.warning ? <WarningWithWhy {...warned(data.warning)} /> : null}
      {data.accounts.length + data.missing.length === 0 ? (
        data.unknown ? null : (
          <None />
        )
      ) : (
        <>
          <Readiness dag={data} />
          <Cards label={t("dag.list")}>
            {data.missing.map((connId) => (
              <Missing key={connId} connId={connId} />
            ))}
            {data.accounts.map((entry) => (
              <Entry key={entry.account.conn_id} dagId={dagId} dag={data} entry={entry} list={delegations.data} />
            ))}
          </Cards>
        </>
      )}
      {data.unknown ? (
        <Callout tone="info">
          {t("dag.unknown")}
        </Callout>
      ) : null}
    </>
  );
};

/** The tab "Accounts" of a DAG: which accounts it uses, in what state they are for the caller. */
export const DagAccountsTab = ({ dagId = "" }: { dagId?: string }) => (
  <Frame
    key={useLanguage()}
    embedded
    title={t("dag.tab")}
    subtitle={t("dag.subtitle")}
  >
    <Content dagId={dagId} />
  </Frame>
);
