import { Box, chakra, Flex, Link, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";

import { taskInstanceUrl } from "../api/client";
import { usesQuery } from "../api/queries";
import type { AccountView, Use } from "../api/types";
import { problemFrom } from "../signin/useSignIn";
import { nameOf } from "../messages/status";
import { useWords } from "../messages/usage";
import { When } from "./SignInDetails";
import { Drawing } from "./icons";
import { ProblemNotice } from "./Callout";
import { Press } from "./Button";
import { LINE } from "./Surface";

const FIRST = 5;
const MORE = 20;
/** As many as the server sends at once. */
const MOST = 200;

const Row = ({ use }: { use: Use }) => (
  <Flex as="li" listStyleType="none" columnGap={3} justify="space-between" flexWrap="wrap" py={1}>
    <Link href={taskInstanceUrl(use)} color="fg.info" minW={0} overflowWrap="anywhere" fontFamily="mono" fontSize="xs">
      {use.dag_id}
      <chakra.span color="fg.muted"> / </chakra.span>
      {use.task_id}
      {use.map_index >= 0 ? ` [${use.map_index}]` : ""}
    </Link>
    <Text color="fg.muted" fontSize="xs">
      {useWords(use)}
      <When at={use.last_at} />
    </Text>
  </Flex>
);

const List = ({ id, account }: { id: string; account: AccountView }) => {
  const [limit, setLimit] = useState(FIRST);
  const { data, error } = useQuery(usesQuery(account.conn_id, limit));
  if (data === undefined) {
    return (
      <Box id={id} mt={2} fontSize="sm" color="fg.muted">
        {error ? <ProblemNotice problem={problemFrom(error)} /> : <Text role="status">Loading …</Text>}
      </Box>
    );
  }
  const hidden = Math.min(data.total, MOST) - data.uses.length;
  return (
    <Box id={id} mt={2}>
      <Box as="ul" m={0} p={0} css={{ "& > li + li": { borderTopWidth: "1px", borderColor: "inherit" } }} {...LINE}>
        {data.uses.map((use) => (
          <Row key={`${use.run_id} ${use.task_id} ${use.map_index} ${use.try_number}`} use={use} />
        ))}
      </Box>
      {data.total === 0 ? (
        <Text fontSize="sm" color="fg.muted">
          No task has used it yet.
        </Text>
      ) : null}
      {hidden > 0 ? (
        <Press
          tone="quiet"
          size="xs"
          mt={1}
          ml={-2}
          onClick={() => {
            setLimit(Math.min(limit + MORE, MOST));
          }}
        >
          {`Show ${Math.min(hidden, MORE)} more of ${data.total}`}
        </Press>
      ) : null}
    </Box>
  );
};

/** Where the caller's own sign-in was used: nobody else sees this. */
export const Uses = ({ account }: { account: AccountView }) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <Box>
      <Press
        tone="quiet"
        size="xs"
        ml={-2}
        color="fg.muted"
        aria-expanded={open}
        aria-controls={id}
        aria-label={`Where it was used: ${nameOf(account)} (${account.conn_id})`}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <chakra.span display="inline-flex" transform={open ? "rotate(90deg)" : "none"}>
          <Drawing size="0.75rem">
            <path d="m7 4 6 6-6 6" />
          </Drawing>
        </chakra.span>
        Where it was used
      </Press>
      {open ? <List id={id} account={account} /> : null}
    </Box>
  );
};
