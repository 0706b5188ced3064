import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";

import { call, Failure, get, segment } from "./client";
import type {
  AccountList,
  AccountOverview,
  AccountView,
  DagAccounts,
  DagAtRisk,
  DelegationList,
  DelegationOfDag,
  DelegationRequest,
  SignInRequest,
  SignInStarted,
  SignOutResult,
  TaskAccount,
  UsageCount,
  UsagePage,
} from "./types";

/** Client errors do not go away by asking again. */
const retry = (count: number, error: Error): boolean =>
  count < 2 && !(error instanceof Failure && error.status >= 400 && error.status < 500);

/** Shared by all our components inside one document, so that a tab shows at once what the page knows. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry, staleTime: 5_000, refetchInterval: 60_000, gcTime: 600_000 } },
});

export const accountsQuery = queryOptions({
  queryKey: ["accounts"],
  queryFn: () => get<AccountList>("accounts"),
});

export const dagQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["dag", dagId],
    queryFn: () => get<DagAccounts>(`dags/${segment(dagId)}/accounts`),
  });

export const delegationsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["delegations", dagId],
    queryFn: () => get<DelegationList>(`dags/${segment(dagId)}/delegations`),
  });

export const taskQuery = (dagId: string, runId: string, taskId: string, mapIndex: string) =>
  queryOptions({
    queryKey: ["task", dagId, runId, taskId, mapIndex],
    queryFn: () =>
      get<TaskAccount>(
        `task-instances/${[dagId, runId, taskId, mapIndex].map(segment).join("/")}/account`,
      ),
  });

export const usageQuery = (connId: string, limit: number) =>
  queryOptions({
    queryKey: ["uses", connId, limit],
    queryFn: () => get<UsagePage>(`uses?conn_id=${encodeURIComponent(connId)}&limit=${limit}`),
    placeholderData: keepPreviousData,
  });

export const overviewQuery = queryOptions({
  queryKey: ["admin", "accounts"],
  queryFn: () => get<AccountOverview[]>("admin/accounts"),
});

export const dagsAtRiskQuery = queryOptions({
  queryKey: ["admin", "dags-at-risk"],
  queryFn: () => get<DagAtRisk[]>("admin/dags-at-risk"),
});

export const usageCountsQuery = queryOptions({
  queryKey: ["admin", "uses"],
  queryFn: () => get<UsageCount[]>("admin/uses"),
});

export const allDelegationsQuery = queryOptions({
  queryKey: ["admin", "delegations"],
  queryFn: () => get<DelegationOfDag[]>("admin/delegations"),
});

export const fetchAccount = (connId: string): Promise<AccountView> =>
  get<AccountView>(`accounts/${segment(connId)}`);

export const startSignIn = (connId: string, request: SignInRequest): Promise<SignInStarted> =>
  call("POST", `accounts/${segment(connId)}/sign-in`, request);

export const storeCredentials = (
  connId: string,
  credentials: Required<Pick<SignInRequest, "login" | "key">>,
): Promise<SignInStarted> => call("POST", `accounts/${segment(connId)}/sign-in`, credentials);

export const signOut = (connId: string): Promise<SignOutResult> =>
  call("DELETE", `accounts/${segment(connId)}/sign-in`);

export const delegate = (dagId: string, request: DelegationRequest): Promise<unknown> =>
  call("POST", `dags/${segment(dagId)}/delegations`, request);

export const endDelegation = (dagId: string, connId: string): Promise<unknown> =>
  call("DELETE", `dags/${segment(dagId)}/delegations?conn_id=${encodeURIComponent(connId)}`);

/** Ask again for everything that shows the state of a sign-in. */
export const refetchAll = (): Promise<void> =>
  queryClient.invalidateQueries();

/** Put one freshly fetched account into every view that shows it. */
export function updateCachedAccount(account: AccountView): void {
  queryClient.setQueryData<AccountList>(accountsQuery.queryKey, (list) =>
    list && {
      ...list,
      accounts: list.accounts.map((other) => (other.conn_id === account.conn_id ? account : other)),
    },
  );
  queryClient.setQueriesData<DagAccounts>({ queryKey: ["dag"] }, (dag) =>
    dag && {
      ...dag,
      accounts: dag.accounts.map((entry) =>
        entry.account.conn_id === account.conn_id ? { ...entry, account } : entry,
      ),
    },
  );
  queryClient.setQueriesData<TaskAccount>({ queryKey: ["task"] }, (task) =>
    task && {
      ...task,
      uses: task.uses.map((use) => (use.account?.conn_id === account.conn_id ? { ...use, account } : use)),
    },
  );
}
