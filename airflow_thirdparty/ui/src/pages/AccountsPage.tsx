import { Tabs } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";

import { accountsQuery, FIRST, refetchAll } from "../api/queries";
import type { AccountList } from "../api/types";
import { Callout } from "../components/Callout";
import { Frame } from "../components/Frame";
import { Failed, Loading } from "../components/Placeholders";
import { listen } from "../signin/signInEvents";
import { MyAccounts } from "./MyAccounts";
import { useLanguage } from "../words/useLanguage";
import { type Key, t } from "../words/words";

interface SectionProps {
  list: AccountList;
}

/** Loaded when an admin looks at it: nobody else ever needs it. */
const Administration = lazy(() => import("./Administration").then((module) => ({ default: module.Administration })));

interface Section {
  key: string;
  label: Key;
  adminOnly: boolean;
  body: ComponentType<SectionProps>;
}

/** The page's tabs; with one to show there is no tab bar. */
const SECTIONS: readonly Section[] = [
  { key: "mine", label: "page.mine", adminOnly: false, body: MyAccounts },
  { key: "administration", label: "page.administration", adminOnly: true, body: Administration },
];

/** The page's address without a tab's. */
const BARE = (): string => window.location.pathname + window.location.search;

const Sections = ({ list }: SectionProps) => {
  const shown = SECTIONS.filter((section) => !section.adminOnly || list.user.is_admin);
  const [first] = shown;
  const [place, setPlace] = useState(() => window.location.hash.slice(1));
  if (shown.length === 1 && first) {
    return <first.body list={list} />;
  }
  return (
    <Tabs.Root
      value={shown.some(({ key }) => key === place) ? place : (first?.key ?? null)}
      onValueChange={({ value }) => {
        setPlace(value);
        window.history.replaceState(window.history.state, "", value === first?.key ? BARE() : `#${value}`);
      }}
      lazyMount
      colorPalette="brand"
    >
      <Tabs.List>
        {shown.map(({ key, label }) => (
          <Tabs.Trigger key={key} value={key}>
            {t(label)}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {shown.map(({ key, body: Body }) => (
        <Tabs.Content key={key} value={key}>
          <Suspense fallback={<Loading />}>
            <Body list={list} />
          </Suspense>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
};

const Content = () => {
  const { data, error, refetch } = useQuery(accountsQuery(FIRST));
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
    key={useLanguage()}
    title={t("page.title")}
    subtitle={t("page.subtitle")}
  >
    <Content />
  </Frame>
);
