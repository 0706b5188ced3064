/** Entry for Airflow's `react_apps`: one component per app, each under a global of the app's name. */

import { locate } from "../api/client";
import { AccountsPage } from "../pages/AccountsPage";
import { DagAccountsTab } from "../pages/DagAccountsTab";
import { TaskAccountTab } from "../pages/TaskAccountTab";
import { followDocument } from "../words/useLanguage";

locate(null);
void followDocument();

/** The page in the navigation and the tab of a DAG are both called so; Airflow gives a tab its DAG's id. */
const Accounts = ({ dagId }: { dagId?: string }) => (dagId ? <DagAccountsTab dagId={dagId} /> : <AccountsPage />);

Object.assign(globalThis, {
  Accounts: Accounts,
  Account: TaskAccountTab,
});
