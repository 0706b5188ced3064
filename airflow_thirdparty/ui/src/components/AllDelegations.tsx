import { chakra, Link, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { allDelegationsQuery } from "../api/administration";
import { dagTabUrl } from "../api/client";
import { endDelegation, refetchAll } from "../api/queries";
import type { DelegationOfDag } from "../api/types";
import { delegationState } from "../messages/delegation";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Cell, PagedSection, Row, Table } from "./Table";
import { useNow } from "./useNow";
import "../words/tabs";
import { t } from "../words/words";

const Withdraw = ({ consent }: { consent: DelegationOfDag }) => {
  const [asking, setAsking] = useState(false);
  const values = { account: consent.conn_id, user: consent.user_name, dag: consent.dag_id };
  const withdraw = useMutation({
    mutationFn: () => endDelegation(consent.dag_id, consent.conn_id),
    onSuccess: async () => {
      setAsking(false);
      announce(t("admin.withdrawn", { user: consent.user_name }));
      await refetchAll();
    },
  });
  return (
    <>
      <Button
        size="xs"
        aria-label={t("action.of", { action: t("admin.withdraw.open"), name: t("admin.withdraw.what", values) })}
        onClick={() => {
          withdraw.reset();
          setAsking(true);
        }}
      >
        {t("admin.withdraw.open")}
      </Button>
      <Confirm
        open={asking}
        title={t("admin.withdraw.title")}
        action={t("admin.withdraw")}
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
          {t("admin.withdraw.hint", values)}
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
  <PagedSection
    title={t("admin.delegations")}
    hint={t("admin.delegations.hint")}
    usePage={(offset) => useQuery(allDelegationsQuery(offset))}
    empty={t("admin.delegations.none")}
  >
    {(rows) => (
      <Table
        label={t("admin.delegations")}
        columns={[
          t("admin.column.dag"),
          t("admin.column.account"),
          t("admin.column.acts_as"),
          t("admin.column.runs"),
          t("admin.column.action"),
        ]}
      >
        {rows.map((consent) => (
          <Delegation key={`${consent.dag_id} ${consent.conn_id}`} consent={consent} />
        ))}
      </Table>
    )}
  </PagedSection>
);
