import { chakra, Flex, Heading, HStack, Link, Stack, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { airflow, dagTabUrl } from "../api/client";
import { dagsAtRiskQuery, overviewQuery, usageCountsQuery } from "../api/queries";
import type { AccountOverview, DagAtRisk, UsageCount } from "../api/types";
import { AllDelegations } from "../components/AllDelegations";
import { Icon, ServiceIcon, STATUS_SHAPES } from "../components/icons";
import { PageRoles } from "../components/PageRoles";
import { Cell, Row, Section, Table } from "../components/Table";
import { When } from "../components/When";
import { signInCountMessage } from "../messages/administration";
import { epithetOf, nameOf } from "../messages/status";

const Id = ({ children }: { children: ReactNode }) => (
  <chakra.span fontFamily="mono" fontSize="xs" lineHeight="1.25rem">
    {children}
  </chakra.span>
);

const Badge = ({ good, children }: { good: boolean; children: ReactNode }) => (
  <HStack gap={2} colorPalette={good ? "green" : "red"} color="colorPalette.700" _dark={{ color: "colorPalette.300" }}>
    <chakra.span display="inline-flex" css={{ "--icon-ink": "var(--chakra-colors-bg)" }}>
      <Icon size="1.1rem">{good ? STATUS_SHAPES.signed_in : STATUS_SHAPES.lapsed}</Icon>
    </chakra.span>
    <chakra.span fontWeight="medium">{children}</chakra.span>
  </HStack>
);

const Account = ({ account }: { account: AccountOverview }) => (
  <Row>
    <Cell wide>
      <HStack gap={3} align="center">
        <ServiceIcon icon={account.icon} />
        <Stack gap={0}>
          <Text fontWeight="medium">{nameOf(account)}</Text>
          <Text color="fg.muted">
            <Id>{epithetOf(account)}</Id>
          </Text>
        </Stack>
      </HStack>
    </Cell>
    <Cell wide>
      {account.problem === null ? (
        <Badge good>Ready</Badge>
      ) : (
        <Stack gap={1}>
          <Badge good={false}>Needs mending</Badge>
          <Text>{account.problem.message}</Text>
          <Text color="fg.muted">
            {account.problem.remedy}
            {account.problem_at === null ? null : (
              <>
                {" Since "}
                <When at={account.problem_at} />.
              </>
            )}
          </Text>
          <Link href={airflow("connections")} textDecoration="underline" w="fit-content">
            Open Connections
          </Link>
        </Stack>
      )}
    </Cell>
    <Cell>{signInCountMessage(account)}</Cell>
  </Row>
);

const Accounts = () => (
  <Section
    title="Accounts"
    hint="What has to be mended, and how many people are signed in."
    query={useQuery(overviewQuery)}
    empty="There is no account yet. Add a connection of type Third-Party Account."
  >
    {(rows) => (
      <Table label="Accounts" columns={["Account", "State", "People signed in"]}>
        {rows.map((account) => (
          <Account key={account.conn_id} account={account} />
        ))}
      </Table>
    )}
  </Section>
);

const Dags = ({ label, dags }: { label: string; dags: readonly DagAtRisk[] }) => (
  <Table label={label} columns={["DAG", "Accounts", "File"]}>
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
            {dag.unknown ? <Text color="fg.muted">one known only when it runs</Text> : null}
          </Flex>
        </Cell>
        <Cell>
          <chakra.span color="fg.muted" title={`Bundle ${dag.bundle}`}>
            <Id>{dag.file}</Id>
          </chakra.span>
        </Cell>
      </Row>
    ))}
  </Table>
);

const DAG_GROUPS = [
  { label: "Nobody has reviewed these", acknowledged: false },
  { label: "Reviewed and acknowledged", acknowledged: true },
] as const;

const DagsAtRisk = () => (
  <Section
    title="DAGs at risk"
    hint="Public DAGs that use accounts: who may change them decides what they do in the name of whoever triggers them."
    query={useQuery(dagsAtRiskQuery)}
    empty="No public DAG uses an account."
  >
    {(rows) =>
      DAG_GROUPS.map(({ label, acknowledged }) => {
        const dags = rows.filter((dag) => dag.acknowledged === acknowledged);
        return dags.length === 0 ? null : (
          <Stack key={label} gap={2}>
            <Heading as="h3" fontSize="sm" lineHeight="1.25rem" fontWeight="medium">
              {label}
            </Heading>
            <Dags label={label} dags={dags} />
          </Stack>
        );
      })
    }
  </Section>
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

const UsageCounts = () => (
  <Section
    title="Use"
    hint="How much each sign-in was used. Where, only its owner sees."
    query={useQuery(usageCountsQuery)}
    empty="No task has used a sign-in yet."
  >
    {(rows) => (
      <Table label="Use of sign-ins" columns={["Account", "User", "Task instances", "Times", "Last used"]}>
        {rows.map((count) => (
          <Count key={`${count.conn_id} ${count.user_name} ${count.last_at}`} count={count} />
        ))}
      </Table>
    )}
  </Section>
);

/** The page's second tab, for whoever may edit connections. */
export const Administration = () => (
  <Stack gap={8} pt={2}>
    <Accounts />
    <PageRoles />
    <DagsAtRisk />
    <AllDelegations />
    <UsageCounts />
  </Stack>
);
