/** Entry for Airflow's `react_apps`: one component per app, each under a global of the app's name. */

import { Suspense } from "react";

import { locate } from "../api/client";
import { airflowsSetting, followDocument } from "../words/useLanguage";
import { later } from "../components/later";

locate(null);
void followDocument(airflowsSetting);

/** Each is loaded where it is looked at. */
const AccountsPage = later(() => import("../pages/AccountsPage").then((module) => module.AccountsPage));
const DagAccountsTab = later(() => import("../pages/DagAccountsTab").then((module) => module.DagAccountsTab));
const TaskAccountTab = later(() => import("../pages/TaskAccountTab").then((module) => module.TaskAccountTab));

/** The page in the navigation and the tab of a DAG are both called so; Airflow gives a tab its DAG's id. */
const Accounts = ({ dagId }: { dagId?: string }) => (
  <Suspense fallback={null}>{dagId ? <DagAccountsTab dagId={dagId} /> : <AccountsPage />}</Suspense>
);

/** The tab of a task instance. */
const Account = (taskInstance: React.ComponentProps<typeof TaskAccountTab>) => (
  <Suspense fallback={null}>
    <TaskAccountTab {...taskInstance} />
  </Suspense>
);

Object.assign(globalThis, {
  Accounts: Accounts,
  Account: Account,
});
