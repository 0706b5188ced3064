import { chakra, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { grantRole, refetchAll, rolesQuery } from "../api/queries";
import type { RoleAccess } from "../api/types";
import { grantCommand } from "../messages/administration";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { Callout, ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Surface } from "./Surface";
import { Cell, QueryPart, Row, SectionHead, Table } from "./Table";

const Grant = ({ role, onDone }: { role: RoleAccess; onDone: (message: string) => void }) => {
  const [asking, setAsking] = useState(false);
  const grant = useMutation({
    mutationFn: () => grantRole(role.name),
    onSuccess: async () => {
      await refetchAll();
      setAsking(false);
      const message = `People with the role ${role.name} find the page within a minute, when they reload Airflow.`;
      announce(message);
      onDone(message);
    },
  });
  return (
    <>
      <Button
        size="xs"
        aria-label={`Show the page to ${role.name}`}
        onClick={() => {
          grant.reset();
          setAsking(true);
        }}
      >
        Show them …
      </Button>
      <Confirm
        open={asking}
        title={`Show the page to ${role.name}?`}
        action="Give permissions"
        busy={grant.isPending}
        onConfirm={() => {
          grant.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Text>The role gets these permissions and nothing else:</Text>
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
    <Table label="Roles that do not find the page" columns={["Role", "Lacks", ...(mayEdit ? [""] : [])]}>
      {roles.map((role) => (
        <Row key={role.name}>
          <Cell>{role.name}</Cell>
          <Cell wide>{role.missing.join(", ")}</Cell>
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
        Whoever may edit roles in Airflow finds a button here. On the command line:{" "}
        <chakra.code fontSize="xs" color="fg">
          {grantCommand(roles.map(({ name }) => name))}
        </chakra.code>
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
      title="Who finds the page"
      hint="Airflow shows plugins' pages only to roles that can read on Plugins. Others reach it by its address alone."
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
                This auth manager keeps its roles elsewhere. Let people read Airflow's plugins there.
              </Surface>
            );
          }
          if (blind.length === 0) {
            return (
              <Surface px={4} py={4} fontSize="sm" color="fg.muted">
                Every role that opens Airflow finds the page: {roles.map(({ name }) => name).join(", ")}.
              </Surface>
            );
          }
          return <Blind roles={blind} mayEdit={mayEdit} onDone={setTold} />;
        }}
      </QueryPart>
    </SectionHead>
  );
};
