import { chakra, Link, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dagTabUrl } from "../api/client";
import { allDelegationsQuery, endDelegation, refetchAll } from "../api/queries";
import type { DelegationOfDag } from "../api/types";
import { delegationState } from "../messages/delegation";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Cell, Row, Section, Table } from "./Table";
import { useNow } from "./useNow";

const Withdraw = ({ consent }: { consent: DelegationOfDag }) => {
  const [asking, setAsking] = useState(false);
  const withdraw = useMutation({
    mutationFn: () => endDelegation(consent.dag_id, consent.conn_id),
    onSuccess: async () => {
      setAsking(false);
      announce(`The delegation of ${consent.user_name} is withdrawn.`);
      await refetchAll();
    },
  });
  return (
    <>
      <Button
        size="xs"
        aria-label={`Withdraw: ${consent.conn_id} of ${consent.user_name} for ${consent.dag_id}`}
        onClick={() => {
          withdraw.reset();
          setAsking(true);
        }}
      >
        Withdraw …
      </Button>
      <Confirm
        open={asking}
        title="Withdraw this delegation?"
        action="Withdraw"
        danger
        busy={withdraw.isPending}
        onConfirm={() => {
          withdraw.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Text overflowWrap="anywhere">
          From then on, runs of {consent.dag_id} that nobody triggers no longer act as {consent.user_name} with the
          account {consent.conn_id}. You cannot undo this: {consent.user_name} would have to agree again.
        </Text>
        {withdraw.error ? <ProblemCallout problem={problemFrom(withdraw.error)} /> : null}
      </Confirm>
    </>
  );
};

const Delegation = ({ consent }: { consent: DelegationOfDag }) => {
  const { runs, state, active } = delegationState(consent, useNow());
  return (
    <Row>
      <Cell>
        <Link href={dagTabUrl(consent.dag_id)} color="fg.info">
          {consent.dag_id}
        </Link>
      </Cell>
      <Cell>
        <chakra.span fontFamily="mono" fontSize="xs">
          {consent.conn_id}
        </chakra.span>
      </Cell>
      <Cell>{consent.user_name}</Cell>
      <Cell wide>
        <Stack gap={0}>
          <Text>{runs}</Text>
          <Text {...(active ? { color: "fg.muted" } : { color: "amber.700", _dark: { color: "amber.300" } })}>
            {state}
            {active && consent.pinned ? ", for the present code only" : ""}
          </Text>
        </Stack>
      </Cell>
      <Cell>
        <Withdraw consent={consent} />
      </Cell>
    </Row>
  );
};

/** Who lets which DAG's runs act with their account, to look after and to withdraw. */
export const AllDelegations = () => (
  <Section
    title="Delegations"
    hint="People who let runs that nobody triggers act with their account."
    query={useQuery(allDelegationsQuery)}
    empty="Nobody has delegated an account."
  >
    {(rows) => (
      <Table label="Delegations" columns={["DAG", "Account", "Acts as", "Runs", ""]}>
        {rows.map((consent) => (
          <Delegation key={`${consent.dag_id} ${consent.conn_id}`} consent={consent} />
        ))}
      </Table>
    )}
  </Section>
);
