import { chakra, Flex, Stack, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { Failure, NOT_OFFERED } from "../api/client";
import { dagQuery, delegationsQuery, refetchAll } from "../api/queries";
import type { DagAccount, DelegationList } from "../api/types";
import { AccountCard, Cards } from "../components/AccountCard";
import { WarningWithWhy } from "../components/Callout";
import { DelegationControls } from "../components/DelegationControls";
import { Frame } from "../components/Frame";
import { Empty, Failed, Loading, NotOffered } from "../components/Placeholders";
import { listen } from "../signin/signInEvents";

const FoundIn = ({ tasks }: { tasks: readonly string[] }) =>
  tasks.length === 0 ? null : (
    <Flex gap={2} fontSize="sm" flexWrap="wrap" align="baseline">
      <Text color="fg.muted">Used by</Text>
      {tasks.map((task) => (
        <chakra.span key={task} fontFamily="mono" fontSize="xs" overflowWrap="anywhere">
          {task}
        </chakra.span>
      ))}
    </Flex>
  );

interface EntryProps {
  dagId: string;
  entry: DagAccount;
  list: DelegationList | undefined;
}

const Entry = ({ dagId, entry, list }: EntryProps) => (
  <AccountCard account={entry.account}>
    {list || entry.found_in.length > 0 ? (
      <Stack gap={4}>
        <FoundIn tasks={entry.found_in} />
        {list ? <DelegationControls dagId={dagId} account={entry.account} list={list} /> : null}
      </Stack>
    ) : null}
  </AccountCard>
);

const None = () => (
  <Empty title="This DAG uses no third-party account">
    <Text>
      A task uses one through <code>ThirdPartyAccountHook</code>, or by naming an account as the connection of any
      operator or hook.
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
      {data.warning ? <WarningWithWhy message={data.warning.message} why={data.warning.why} /> : null}
      {data.accounts.length === 0 ? (
        <None />
      ) : (
        <Cards label="Accounts of this DAG">
          {data.accounts.map((entry) => (
            <Entry key={entry.account.conn_id} dagId={dagId} entry={entry} list={delegations.data} />
          ))}
        </Cards>
      )}
    </>
  );
};

/** The tab "Accounts" of a DAG: which accounts it uses, in what state they are for the caller. */
export const DagAccountsTab = ({ dagId = "" }: { dagId?: string }) => (
  <Frame
    embedded
    title="Accounts"
    subtitle="A run acts for the person who triggered it. These are the accounts this DAG's tasks ask for."
  >
    <Content dagId={dagId} />
  </Frame>
);
