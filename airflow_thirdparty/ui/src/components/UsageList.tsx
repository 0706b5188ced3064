import { Box, chakra, Flex, Link, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";

import { taskInstanceUrl } from "../api/client";
import { usageQuery } from "../api/queries";
import type { AccountView, Usage } from "../api/types";
import { nameOf } from "../messages/status";
import { distance, fullDate } from "../messages/time";
import { usageMessage } from "../messages/usage";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Icon } from "./icons";
import { LINE } from "./Surface";
import { useNow } from "./useNow";
import { t } from "../words/words";

const FIRST = 5;
const MORE = 20;
/** As many as the server sends at once. */
const MOST = 200;

const Row = ({ use }: { use: Usage }) => (
  <Flex as="li" listStyleType="none" columnGap={3} justify="space-between" flexWrap="wrap" py={1}>
    <Link href={taskInstanceUrl(use)} color="fg.info" minW={0} overflowWrap="anywhere" fontFamily="mono" fontSize="xs">
      {use.dag_id}
      <chakra.span color="fg.muted"> / </chakra.span>
      {use.task_id}
      {use.map_index >= 0 ? ` [${use.map_index}]` : ""}
    </Link>
    <Text color="fg.muted" fontSize="xs">
      <time dateTime={use.last_at} title={fullDate(use.last_at)}>
        {usageMessage(use, distance(use.last_at, useNow()))}
      </time>
    </Text>
  </Flex>
);

const List = ({ id, account }: { id: string; account: AccountView }) => {
  const [limit, setLimit] = useState(FIRST);
  const { data, error } = useQuery(usageQuery(account.conn_id, limit));
  if (data === undefined) {
    return (
      <Box id={id} mt={2} fontSize="sm" color="fg.muted">
        {error ? <ProblemCallout problem={problemFrom(error)} /> : <Text role="status">{t("uses.loading")}</Text>}
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
          {t("uses.none")}
        </Text>
      ) : null}
      {hidden > 0 ? (
        <Button
          tone="quiet"
          size="xs"
          mt={1}
          ms={-2}
          onClick={() => {
            setLimit(Math.min(limit + MORE, MOST));
          }}
        >
          {t("uses.more", { count: Math.min(hidden, MORE), total: data.total })}
        </Button>
      ) : null}
    </Box>
  );
};

/** Where the caller's own sign-in was used: nobody else sees this. */
export const UsageList = ({ account }: { account: AccountView }) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <Box>
      <Button
        tone="quiet"
        size="xs"
        ms={-2}
        color="fg.muted"
        aria-expanded={open}
        aria-controls={id}
        aria-label={t("uses.label", { name: nameOf(account), id: account.conn_id })}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <chakra.span display="inline-flex" css={{ transform: open ? "rotate(90deg)" : "none", "[dir=rtl] &": { transform: open ? "rotate(90deg)" : "scaleX(-1)" } }}>
          <Icon size="0.75rem">
            <path d="m7 4 6 6-6 6" />
          </Icon>
        </chakra.span>
        {t("uses.title")}
      </Button>
      {open ? <List id={id} account={account} /> : null}
    </Box>
  );
};
