import { Tabs } from "@chakra-ui/react";
import { type ComponentType, Suspense, useState } from "react";

import type { AccountList } from "../api/types";
import { Loading } from "../components/Placeholders";
import { type Key, t } from "../words/words";
import { MyAccounts } from "./MyAccounts";
import { later } from "../components/later";

/** Loaded when it is looked at. */
const Administration = later(() => import("./Administration").then((module) => module.Administration));

interface Section {
  key: string;
  label: Key;
  body: ComponentType<{ list: AccountList }>;
}

const MINE = "mine";

const SECTIONS: readonly Section[] = [
  { key: MINE, label: "page.mine", body: MyAccounts },
  { key: "administration", label: "page.administration", body: Administration },
];

/** The page's address without a tab's. */
const bare = (): string => window.location.pathname + window.location.search;

/** The page of an admin: their own accounts, and everybody's. Each tab has an address. */
export const AdminTabs = ({ list }: { list: AccountList }) => {
  const [place, setPlace] = useState(() => window.location.hash.slice(1));
  return (
    <Tabs.Root
      value={SECTIONS.some(({ key }) => key === place) ? place : MINE}
      onValueChange={({ value }) => {
        setPlace(value);
        window.history.replaceState(window.history.state, "", value === MINE ? bare() : `#${value}`);
      }}
      lazyMount
      colorPalette="brand"
    >
      <Tabs.List>
        {SECTIONS.map(({ key, label }) => (
          <Tabs.Trigger key={key} value={key}>
            {t(label)}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {SECTIONS.map(({ key, body: Body }) => (
        <Tabs.Content key={key} value={key}>
          <Suspense fallback={<Loading />}>
            <Body list={list} />
          </Suspense>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
};
