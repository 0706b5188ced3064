import { Flex, Stack, Tabs, Text, VisuallyHidden } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, useEffect } from "react";

import { accountsQuery, refetchAll } from "../api/queries";
import type { AccountList } from "../api/types";
import { AccountCard, Cards } from "../components/AccountCard";
import { Callout } from "../components/Callout";
import { Frame } from "../components/Frame";
import { Failed, Loading, NoAccounts } from "../components/Placeholders";
import { UsageList } from "../components/UsageList";
import { summary } from "../messages/status";
import { listen } from "../signin/signInEvents";
import { Administration } from "./Administration";

interface SectionProps {
  list: AccountList;
}

const MyAccounts = ({ list }: SectionProps) => {
  if (list.accounts.length === 0) {
    return <NoAccounts admin={list.user.is_admin} />;
  }
  return (
    <Stack gap={3}>
      <VisuallyHidden>
        <h2>Your accounts</h2>
      </VisuallyHidden>
      <Flex justify="space-between" columnGap={4} flexWrap="wrap" fontSize="sm" color="fg.muted">
        <Text>{summary(list.accounts)}</Text>
        <Text>
          In Airflow you are <b>{list.user.user_name}</b>
        </Text>
      </Flex>
      <Cards label="Your accounts">
        {list.accounts.map((account) => (
          <AccountCard key={account.conn_id} account={account}>
            {account.last_used_at === null ? null : <UsageList account={account} />}
          </AccountCard>
        ))}
      </Cards>
    </Stack>
  );
};

interface Section {
  key: string;
  label: string;
  adminOnly: boolean;
  body: ComponentType<SectionProps>;
}

/** The page's tabs; with one to show there is no tab bar. */
const SECTIONS: readonly Section[] = [
  { key: "mine", label: "My accounts", adminOnly: false, body: MyAccounts },
  { key: "administration", label: "Administration", adminOnly: true, body: Administration },
];

const Sections = ({ list }: SectionProps) => {
  const shown = SECTIONS.filter((section) => !section.adminOnly || list.user.is_admin);
  const [first] = shown;
  if (shown.length === 1 && first) {
    return <first.body list={list} />;
  }
  return (
    <Tabs.Root defaultValue={first?.key ?? null} lazyMount colorPalette="brand">
      <Tabs.List>
        {shown.map(({ key, label }) => (
          <Tabs.Trigger key={key} value={key}>
            {label}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {shown.map(({ key, body: Body }) => (
        <Tabs.Content key={key} value={key}>
          <Body list={list} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
};

const Content = () => {
  const { data, error, refetch } = useQuery(accountsQuery);
  useEffect(() => listen(() => void refetchAll()), []);
  if (data === undefined) {
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  return (
    <>
      {data.warnings.map((warning) => (
        <Callout key={warning} tone="warning">
          {warning}
        </Callout>
      ))}
      {error ? <Failed error={error} onRetry={() => void refetch()} /> : null}
      <Sections list={data} />
    </>
  );
};

/** The user's own accounts: the nav entry inside Airflow, and the stand-alone page. */
export const AccountsPage = () => (
  <Frame
    title="Third-Party Accounts"
    subtitle="Sign in once. From then on, tasks of the runs you trigger act as you in these services."
  >
    <Content />
  </Frame>
);
