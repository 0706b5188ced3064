import { chakra, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { grantRole, rolesQuery } from "../api/administration";
import { refetchAll } from "../api/queries";
import type { RoleAccess } from "../api/types";
import { grantCommand } from "../messages/administration";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { Callout, ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Rich } from "./Rich";
import { Surface } from "./Surface";
import { Cell, QueryPart, Row, SectionHead, Table } from "./Table";
import { listed, t } from "../words/words";

const Grant = ({ role, onDone }: { role: RoleAccess; onDone: (message: string) => void }) => {
  const [asking, setAsking] = useState(false);
  const grant = useMutation({
    mutationFn: () => grantRole(role.name),
    onSuccess: async () => {
      await refetchAll();
      setAsking(false);
      const message = t("roles.done", { role: role.name });
      announce(message);
      onDone(message);
    },
  });
  return (
    <>
      <Button
        size="xs"
        aria-label={t("action.of", { action: t("roles.show"), name: role.name })}
        onClick={() => {
          grant.reset();
          setAsking(true);
        }}
      >
        {t("roles.show")}
      </Button>
      <Confirm
        open={asking}
        title={t("roles.show.title", { role: role.name })}
        action={t("roles.give")}
        busy={grant.isPending}
        onConfirm={() => {
          grant.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Text>{t("roles.show.hint")}</Text>
        <chakra.ul my={2} ps={5} listStyleType="disc" color="fg">
          {role.missing.map((permission) => (
            <li key={permission}>{permission}</li>
          ))}
        </chakra.ul>
        {grant.error ? <ProblemCallout problem={problemFrom(grant.error)} /> : null}
      </Confirm>
    </>
  );
};

const Blind = ({ roles, mayEdit, onDone }: { roles: readonly RoleAccess[]; mayEdit: boolean; onDone: (message: string) => void }) => (
  <Stack gap={3}>
    <Table
      label={t("roles.table")}
      columns={[
        t("admin.column.role"),
        t("admin.column.lacks"),
        ...(mayEdit ? [t("admin.column.action")] : []),
      ]}
    >
      {roles.map((role) => (
        <Row key={role.name}>
          <Cell>{role.name}</Cell>
          <Cell wide>{listed(role.missing)}</Cell>
          {mayEdit ? (
            <Cell>
              <Grant role={role} onDone={onDone} />
            </Cell>
          ) : null}
        </Row>
      ))}
    </Table>
    {mayEdit ? null : (
      <Text fontSize="sm" color="fg.muted" overflowWrap="anywhere">
        <Rich
          text="roles.command"
          values={{
            command: (
              <chakra.code fontSize="xs" color="fg" dir="ltr">
                {grantCommand(roles.map(({ name }) => name))}
              </chakra.code>
            ),
          }}
        />
      </Text>
    )}
  </Stack>
);

/** Which roles see the page and the tabs, and the way to let one see them. */
export const PageRoles = () => {
  const query = useQuery(rolesQuery);
  const [told, setTold] = useState<string | null>(null);
  return (
    <SectionHead
      title={t("roles.title")}
      hint={t("roles.hint")}
    >
      {told ? (
        <Callout
          tone="good"
          live
          onDismiss={() => {
            setTold(null);
          }}
        >
          {told}
        </Callout>
      ) : null}
      <QueryPart query={query}>
        {({ roles, known, may_edit: mayEdit }) => {
          const blind = roles.filter(({ missing }) => missing.length > 0);
          if (!known) {
            return (
              <Surface px={4} py={4} fontSize="sm" color="fg.muted">
                {t("roles.elsewhere")}
              </Surface>
            );
          }
          if (blind.length === 0) {
            return (
              <Surface px={4} py={4} fontSize="sm" color="fg.muted">
                {t("roles.all", { roles: listed(roles.map(({ name }) => name)) })}
              </Surface>
            );
          }
          return <Blind roles={blind} mayEdit={mayEdit} onDone={setTold} />;
        }}
      </QueryPart>
    </SectionHead>
  );
};
