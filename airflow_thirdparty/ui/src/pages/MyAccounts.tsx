import { Box, chakra, Flex, Heading, HStack, Input, Stack, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { accountQuery, accountsQuery, PAGE_SIZE, refetchAll } from "../api/queries";
import type { AccountList, AccountView, Group, ListedAccount } from "../api/types";
import { AccountCard, type Edges } from "../components/AccountCard";
import { Button } from "../components/Button";
import { Callout } from "../components/Callout";
import { MyData } from "../components/MyData";
import { Pager } from "../components/Pager";
import { Failed, Loading, NoAccounts } from "../components/Placeholders";
import { Rich } from "../components/Rich";
import { SignInToAll } from "../components/SignInToAll";
import { Surface } from "../components/Surface";
import { UsageList } from "../components/UsageList";
import { usePaused } from "../components/usePaused";
import { filterLabel, neededBy, SEARCHED_FROM, summary } from "../messages/groups";
import { t } from "../words/words";

interface Search {
  text: string;
  group: Group | null;
}

const Card = ({ account, edges }: { account: ListedAccount | AccountView; edges?: Edges }) => (
  <AccountCard
    account={account}
    calm={"group" in account && account.group === "available"}
    {...(edges ? { edges } : {})}
  >
    {"needed_by" in account && account.needed_by.length > 0 && account.group === "needs_you" ? (
      <Text fontSize="sm" color="fg.muted" overflowWrap="anywhere">
        {neededBy(account.needed_by)}
      </Text>
    ) : null}
    {account.last_used_at === null ? null : <UsageList account={account} />}
  </AccountCard>
);

const GroupHeading = ({ group }: { group: Group }) => (
  <Box as="li" listStyleType="none" pb={2} css={{ "&:not(:first-of-type)": { paddingTop: "1.5rem" } }}>
    <Heading as="h2" fontSize="md" lineHeight="1.5rem" fontWeight="semibold">
      {t(`groups.${group}`)}
    </Heading>
    <Text fontSize="sm" color="fg.muted">
      {t(`groups.${group}.hint`)}
    </Text>
  </Box>
);

/** The cards of a group look like one box, but all are items of one list: so none is made anew when it moves. */
const Listed = ({ accounts }: { accounts: readonly ListedAccount[] }) => (
  <Box as="ul" aria-label={t("page.your_accounts")} m={0} p={0}>
    {accounts.map((account, index) => {
      const first = accounts[index - 1]?.group !== account.group;
      const last = accounts[index + 1]?.group !== account.group;
      return [
        first ? <GroupHeading key={`group ${account.group}`} group={account.group} /> : null,
        <Card key={account.conn_id} account={account} edges={{ first, last }} />,
      ];
    })}
  </Box>
);

const FILTERS: readonly (Group | null)[] = [null, "needs_you", "connected", "available"];

interface ToolbarProps {
  search: Search;
  list: AccountList;
  onChange: (search: Search) => void;
}

const Toolbar = ({ search, list, onChange }: ToolbarProps) => (
  <Flex gap={3} flexWrap="wrap" align="center" role="search">
    <Input
      type="search"
      size="sm"
      flex="1 1 14rem"
      maxW="24rem"
      aria-label={t("groups.search")}
      placeholder={t("groups.search")}
      value={search.text}
      onChange={(event) => {
        onChange({ ...search, text: event.target.value });
      }}
      _dark={{ borderColor: "gray.600" }}
    />
    <HStack gap={1} flexWrap="wrap" role="group" aria-label={t("groups.show")}>
      {FILTERS.map((group) => (
        <Button
          key={group ?? "all"}
          tone="quiet"
          size="xs"
          aria-pressed={search.group === group}
          {...(search.group === group ? { bg: "brand.muted" } : {})}
          onClick={() => {
            onChange({ ...search, group });
          }}
        >
          {filterLabel(group, list.counts)}
        </Button>
      ))}
    </HStack>
  </Flex>
);

/** The account that a link names, where it is not on the first page. */
const Named = ({ connId }: { connId: string }) => {
  const { data } = useQuery(accountQuery(connId));
  return data === undefined ? null : (
    <Surface as="ul" aria-label={t("page.came_for")} m={0} p={0}>
      <Card account={data} />
    </Surface>
  );
};

const named = (): string | null => new URLSearchParams(window.location.search).get("account");

/** The caller's accounts: what needs them, what is connected, what else there is. */
export const MyAccounts = () => {
  const [search, setSearch] = useState<Search>({ text: "", group: null });
  const [offset, setOffset] = useState(0);
  const [wanted] = useState(named);
  const text = usePaused(search.text);
  const { data: list, error, refetch } = useQuery(accountsQuery({ search: text, group: search.group, offset }));
  if (list === undefined) {
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  if (list.all === 0) {
    return <NoAccounts admin={list.user.is_admin} />;
  }
  const searches = list.all >= SEARCHED_FROM;
  const elsewhere = wanted !== null && text === "" && !list.accounts.some(({ conn_id: id }) => id === wanted);
  return (
    <Stack gap={4}>
      {error ? <Failed error={error} onRetry={() => void refetchAll()} /> : null}
      <Flex justify="space-between" columnGap={4} rowGap={2} flexWrap="wrap" align="center">
        <Text fontWeight="medium" data-testid="summary">
          {summary(list)}
        </Text>
        <Text fontSize="sm" color="fg.muted">
          <Rich text="page.you_are" values={{ user: <chakra.b color="fg">{list.user.user_name}</chakra.b> }} />
        </Text>
      </Flex>
      <SignInToAll accounts={list.accounts.filter(({ group }) => group === "needs_you")} />
      {searches ? (
        <Toolbar
          search={search}
          list={list}
          onChange={(changed) => {
            setSearch(changed);
            setOffset(0);
          }}
        />
      ) : null}
      {elsewhere ? <Named connId={wanted} /> : null}
      {list.total === 0 ? (
        <Callout tone="info" live>
          {t("groups.nothing_found")}
        </Callout>
      ) : (
        <Listed accounts={list.accounts} />
      )}
      <Pager label={t("groups.pages")} offset={offset} size={PAGE_SIZE} total={list.total} onChange={setOffset} />
      <MyData />
    </Stack>
  );
};
