import { Box, chakra, Flex, Heading, HStack, Link, Stack, Text } from "@chakra-ui/react";
import { type Query, useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { dagsAtRiskQuery, usageCountsQuery } from "../api/administration";
import { dagTabUrl } from "../api/client";
import type { DagAtRisk, UsageCount } from "../api/types";
import { AddAccount } from "../components/AddAccount";
import { AllAccounts } from "../components/AllAccounts";
import { AllDelegations } from "../components/AllDelegations";
import { Button } from "../components/Button";
import { PageRoles } from "../components/PageRoles";
import { Loading } from "../components/Placeholders";
import { Cell, Id, Paged, Row, Section, SectionHead, Table } from "../components/Table";
import { When } from "../components/When";
import { howToAcknowledge } from "../messages/administration";
import "../words/administration";
import { t } from "../words/words";

const Dags = ({ label, dags }: { label: string; dags: readonly DagAtRisk[] }) => (
  <Table label={label} columns={[t("admin.column.dag"), t("admin.column.accounts"), t("admin.column.file")]}>
    {dags.map((dag) => (
      <Row key={dag.dag_id}>
        <Cell>
          <Link href={dagTabUrl(dag.dag_id)} color="fg.info">
            {dag.dag_id}
          </Link>
        </Cell>
        <Cell>
          <Flex columnGap={3} flexWrap="wrap">
            {dag.accounts.map((connId) => (
              <Id key={connId}>{connId}</Id>
            ))}
            {dag.unknown ? <Text color="fg.muted">{t("admin.risk.unknown")}</Text> : null}
          </Flex>
        </Cell>
        <Cell>
          <chakra.span color="fg.muted" title={t("admin.risk.bundle", { bundle: dag.bundle })}>
            <Id>{dag.file}</Id>
          </chakra.span>
        </Cell>
      </Row>
    ))}
  </Table>
);

const DAG_GROUPS = [
  { label: "admin.risk.open", acknowledged: false },
  { label: "admin.risk.acknowledged", acknowledged: true },
] as const;

const RiskGroup = ({ label, acknowledged }: (typeof DAG_GROUPS)[number]) => (
  <Paged
    label={t(label)}
    usePage={(offset) => useQuery(dagsAtRiskQuery(acknowledged, offset))}
    {...(acknowledged ? {} : { empty: t("admin.risk.none") })}
  >
    {(dags) => (
      <Stack gap={2}>
        <Heading as="h3" fontSize="sm" lineHeight="1.25rem" fontWeight="medium">
          {t(label)}
        </Heading>
        {acknowledged ? null : (
          <Text fontSize="sm" color="fg.muted" overflowWrap="anywhere">
            {t("admin.risk.how", { how: howToAcknowledge(dags[0]) })}
          </Text>
        )}
        <Dags label={t(label)} dags={dags} />
      </Stack>
    )}
  </Paged>
);

const DagsAtRisk = () => (
  <SectionHead title={t("admin.risk")} hint={t("admin.risk.hint")}>
    {DAG_GROUPS.map((group) => (
      <RiskGroup key={group.label} {...group} />
    ))}
  </SectionHead>
);

const Count = ({ count }: { count: UsageCount }) => (
  <Row>
    <Cell>
      <Id>{count.conn_id}</Id>
    </Cell>
    <Cell>{count.user_name}</Cell>
    <Cell>{count.task_instances}</Cell>
    <Cell>{count.times}</Cell>
    <Cell>
      <When at={count.last_at} />
    </Cell>
  </Row>
);

/** One more is asked for, to know whether there is a next page. */
const USES_PAGE = 50;

const UsageCounts = () => {
  const [offset, setOffset] = useState(0);
  return (
    <Section
      title={t("admin.uses")}
      hint={t("admin.uses.hint")}
      query={useQuery(usageCountsQuery(USES_PAGE + 1, offset))}
      empty={t("admin.uses.none")}
    >
      {(rows) => (
        <Stack gap={2}>
          <Table
            label={t("admin.uses.table")}
            columns={[
              t("admin.column.account"),
              t("admin.column.user"),
              t("admin.column.tasks"),
              t("admin.column.times"),
              t("admin.column.last_used"),
            ]}
          >
            {rows.slice(0, USES_PAGE).map((count) => (
              <Count key={`${count.conn_id} ${count.user_name} ${count.last_at}`} count={count} />
            ))}
          </Table>
          <HStack gap={2}>
            {offset > 0 ? (
              <Button
                tone="quiet"
                size="xs"
                onClick={() => {
                  setOffset(Math.max(offset - USES_PAGE, 0));
                }}
              >
                {t("admin.uses.back")}
              </Button>
            ) : null}
            {rows.length > USES_PAGE ? (
              <Button
                tone="quiet"
                size="xs"
                onClick={() => {
                  setOffset(offset + USES_PAGE);
                }}
              >
                {t("admin.uses.next")}
              </Button>
            ) : null}
          </HStack>
        </Stack>
      )}
    </Section>
  );
};

const FIRST_ANSWERS = {
  queryKey: ["admin"],
  predicate: ({ state }: Query) => state.status === "pending" && state.fetchFailureCount === 0,
};
const PATIENCE_MS = 2_000;

/** Whether all that is asked for at first has been answered, be it by a refusal, or takes too long. */
function useFirstAnswers(): boolean {
  const client = useQueryClient();
  const waiting = useIsFetching(FIRST_ANSWERS);
  const [answered, setAnswered] = useState(false);
  useEffect(() => {
    // Asked again, since what is drawn now may not know yet what its parts have begun to ask for.
    if (client.isFetching(FIRST_ANSWERS) === 0) {
      setAnswered(true);
    }
  }, [client, waiting]);
  useEffect(() => {
    const timer = setTimeout(setAnswered, PATIENCE_MS, true);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return answered;
}

/** The page's second tab, for whoever may edit connections. It is shown when it is whole, so that nothing of it moves. */
export const Administration = () => {
  const whole = useFirstAnswers();
  return (
    <Box pt={2} position="relative">
      {whole ? null : (
        <Box position="absolute" insetX={0}>
          <Loading />
        </Box>
      )}
      <Stack gap={8} {...(whole ? {} : { visibility: "hidden" })}>
        <AddAccount />
        <AllAccounts />
        <PageRoles />
        <DagsAtRisk />
        <AllDelegations />
        <UsageCounts />
      </Stack>
    </Box>
  );
};
