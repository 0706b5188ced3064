import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";

import { accountsQuery, FIRST, refetchAll } from "../api/queries";
import { Callout } from "../components/Callout";
import { Frame } from "../components/Frame";
import { Failed, Loading } from "../components/Placeholders";
import { said } from "../messages/problems";
import { listen } from "../signin/signInEvents";
import { MyAccounts } from "./MyAccounts";
import { useLanguage } from "../words/useLanguage";
import { t } from "../words/words";
import { later } from "../components/later";

/** Loaded for admins: others have nothing to choose between. */
const AdminTabs = later(() => import("./AdminTabs").then((module) => module.AdminTabs));

const Content = () => {
  const { data, error, refetch } = useQuery(accountsQuery(FIRST));
  useEffect(() => listen(() => void refetchAll()), []);
  if (data === undefined) {
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  return (
    <>
      {data.warnings.map((warning) => (
        <Callout key={warning.code} tone="warning">
          {said(warning).message}
        </Callout>
      ))}
      {data.user.is_admin ? (
        <Suspense fallback={<Loading />}>
          <AdminTabs list={data} />
        </Suspense>
      ) : (
        <MyAccounts />
      )}
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
