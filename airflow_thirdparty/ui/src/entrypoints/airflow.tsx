/** Entry for Airflow's `react_apps`: one component per app, each under a global of the app's name. */

import { locate } from "../api/client";
import { AccountsPage } from "../pages/AccountsPage";
import { DagAccountsTab } from "../pages/DagAccountsTab";
import { TaskAccountTab } from "../pages/TaskAccountTab";

locate(null);

Object.assign(globalThis, {
  "Third-Party Accounts": AccountsPage,
  Accounts: DagAccountsTab,
  Account: TaskAccountTab,
});
